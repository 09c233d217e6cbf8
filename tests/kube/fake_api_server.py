"""An API server in the test's own process: versions, paging, watches and faults, over real HTTP.

It knows nothing about kinds: an object lives at its path. What it has in common with the real one
is what a client must get right (resource versions, 409, 410, pages of one moment, watch lines);
admission, defaults and controllers are left to the tests on a real API server.
"""

import asyncio
import base64
import copy
from collections.abc import Callable

from aiohttp import web

from tests.kube.fake_watch import Watch
from tests.kube.places import Place, parse, within
from tests.kube.refusals import Json, refusal, status

Fault = Callable[[web.Request], web.StreamResponse | None]


class FakeApiServer:
    """The server. `url` is set while it runs."""

    def __init__(self) -> None:
        self.url = ""
        self.revision = 100
        self.requests: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.faults: list[Fault] = []
        self.answering = asyncio.Event()
        self.answering.set()
        self.opened: asyncio.Queue[Watch] = asyncio.Queue()
        self._objects: dict[Place, Json] = {}
        self._watches: list[Watch] = []
        self._history: list[tuple[int, str, Place, Json]] = []
        self._oldest_watchable = 0
        self._snapshots: dict[str, tuple[list[Json], int]] = {}
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0)

    async def start(self) -> None:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    async def stop(self) -> None:
        for watch in self._watches:
            watch.end()
        await self._runner.cleanup()

    def put(self, collection: str, obj: Json) -> Json:
        """Store an object as some other client would; the version as stored."""
        place = self._place_of(collection, obj)
        kind = "MODIFIED" if place in self._objects else "ADDED"
        return self._store(kind, place, obj)

    def remove(self, collection: str, name: str) -> None:
        place = parse(f"{collection}/{name}")
        last = self._objects.pop(place)
        self._store("DELETED", place, last)

    def find(self, collection: str, name: str) -> Json | None:
        return self._objects.get(parse(f"{collection}/{name}"))

    def forget_history(self) -> None:
        """From now on older versions can neither be watched from nor paged on."""
        self._oldest_watchable = self.revision
        self._history.clear()
        self._snapshots.clear()

    def restore(self, revision: int) -> None:
        """Go back to an empty backup of that revision; open watches hear nothing of it."""
        self.revision = revision
        self._objects.clear()
        self._history.clear()
        for watch in self._watches:
            watch.deaf = True

    def refuse(self, code: int, reason: str = "", message: str = "", *, method: str = "") -> None:
        """Refuse one request, the next one or the next one of that method."""

        def fault(request: web.Request) -> web.StreamResponse | None:
            if method and request.method != method:
                return None
            self.faults.remove(fault)
            return web.json_response(status(code, reason, message), status=code)

        self.faults.append(fault)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path_qs))
        self.headers.append(dict(request.headers))
        await self.answering.wait()
        for fault in list(self.faults):
            answer = fault(request)
            if answer is not None:
                return answer
        place = parse(request.path)
        if request.method == "GET" and "watch" in request.query:
            return await self._watch(place, request)
        if request.method == "GET":
            return self._get(place) if place.name else self._list(place, request)
        change = {"POST": self._create, "PATCH": self._patch, "DELETE": self._delete}
        return change[request.method](place, request, await request.json())

    def _get(self, place: Place) -> web.Response:
        if place not in self._objects:
            return refusal(404, "NotFound", f'{place.resource} "{place.name}" not found')
        return web.json_response(self._objects[place])

    def _create(self, place: Place, request: web.Request, obj: Json) -> web.Response:
        place = place._replace(name=obj["metadata"]["name"])
        if place in self._objects:
            return refusal(409, "AlreadyExists", f'{place.resource} "{place.name}" already exists')
        if request.query.get("dryRun") == "All":
            return web.json_response(obj, status=201)
        return web.json_response(self._store("ADDED", place, obj), status=201)

    def _patch(self, place: Place, _: web.Request, patch: Json) -> web.Response:
        place = place._replace(subresource="")
        if place not in self._objects:
            return refusal(404, "NotFound", f'{place.resource} "{place.name}" not found')
        current = self._objects[place]
        wanted = patch.get("metadata", {}).get("resourceVersion")
        if wanted is not None and wanted != current["metadata"]["resourceVersion"]:
            return refusal(409, "Conflict", "the object has been modified")
        return web.json_response(self._store("MODIFIED", place, merged(current, patch)))

    def _delete(self, place: Place, _: web.Request, options: Json) -> web.Response:
        if place not in self._objects:
            return refusal(404, "NotFound", f'{place.resource} "{place.name}" not found')
        current = self._objects[place]
        uid = options.get("preconditions", {}).get("uid")
        if uid is not None and uid != current["metadata"]["uid"]:
            return refusal(409, "Conflict", "the UID in the precondition does not match")
        if current["metadata"].get("finalizers"):
            current["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
            return web.json_response(self._store("MODIFIED", place, current))
        self._objects.pop(place)
        self._store("DELETED", place, current)
        return web.json_response({"kind": "Status", "status": "Success"})

    def _list(self, place: Place, request: web.Request) -> web.Response:
        offset = 0
        if token := request.query.get("continue"):
            snapshot, position = base64.b64decode(token).decode().split(":")
            if snapshot not in self._snapshots:
                return refusal(410, "Expired", "the provided continue parameter is too old")
            items, revision = self._snapshots[snapshot]
            offset = int(position)
        else:
            items = [
                copy.deepcopy(obj)
                for at, obj in sorted(self._objects.items())
                if within(at, place) and selected(obj, request.query.get("labelSelector"))
            ]
            revision, snapshot = self.revision, str(len(self.requests))
            self._snapshots[snapshot] = items, revision
        limit = int(request.query.get("limit", len(items) or 1))
        metadata = {"resourceVersion": str(revision)}
        if offset + limit < len(items):
            metadata["continue"] = base64.b64encode(
                f"{snapshot}:{offset + limit}".encode()
            ).decode()
        return web.json_response(
            {"kind": "List", "metadata": metadata, "items": items[offset : offset + limit]}
        )

    async def _watch(self, place: Place, request: web.Request) -> web.StreamResponse:
        watch = Watch(place, request)
        since = int(watch.resource_version)
        self.opened.put_nowait(watch)
        if since < self._oldest_watchable:
            watch.expire()
        for revision, kind, at, obj in self._history:
            if revision > since and within(at, place):
                watch.send(kind, obj)
        self._watches.append(watch)
        try:
            return await watch.serve(request)
        finally:
            self._watches.remove(watch)

    def _store(self, kind: str, place: Place, obj: Json) -> Json:
        self.revision += 1
        stored = copy.deepcopy(obj)
        stored["metadata"].setdefault("uid", f"uid-{self.revision}")
        if place.namespace:
            stored["metadata"]["namespace"] = place.namespace
        stored["metadata"]["resourceVersion"] = str(self.revision)
        if kind != "DELETED":
            self._objects[place] = stored
        self._history.append((self.revision, kind, place, stored))
        for watch in self._watches:
            if within(place, watch.place) and not watch.deaf:
                watch.send(kind, stored)
        return stored

    def _place_of(self, collection: str, obj: Json) -> Place:
        return parse(collection)._replace(name=obj["metadata"]["name"])


def selected(obj: Json, selector: str | None) -> bool:
    if selector is None:
        return True
    name, _, value = selector.partition("=")
    return bool(obj["metadata"].get("labels", {}).get(name) == value)


def merged(target: Json, patch: Json) -> Json:
    """RFC 7386."""
    result = dict(target)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            before = result.get(name)
            result[name] = merged(before if isinstance(before, dict) else {}, value)
        else:
            result[name] = value
    return result
