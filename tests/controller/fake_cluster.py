"""An API server in memory, with the behaviour that the operator's safety rests on.

Resource versions and conflicts, AlreadyExists, uid preconditions, the dry run that also meets
existing names, status as a subresource, and the schema's bounds of both statuses.
"""

import asyncio
import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from pydantic import BaseModel, ValidationError

from kubetune.api.trial import TrialStatus
from kubetune.api.tuningjob_status import TuningJobStatus
from kubetune.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)
from kubetune.kube.client import Client
from kubetune.kube.objects import ObjectKey
from kubetune.kube.transport import Query

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)

_PATH = re.compile(
    r"/apis?/.+?/namespaces/(?P<namespace>[^/]+)/(?P<plural>[^/]+)"
    r"(/(?P<name>[^/]+)(/(?P<subresource>[^/]+))?)?"
)
_STATUSES: dict[str, type[BaseModel]] = {"trials": TrialStatus, "tuningjobs": TuningJobStatus}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, by what it asks for."""

    method: str
    plural: str
    name: str | None
    subresource: str | None
    dry_run: bool

    def __str__(self) -> str:
        sub = f"/{self.subresource}" if self.subresource else ""
        return f"{self.method} {self.plural}{sub}{' (dry run)' if self.dry_run else ''}"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a watch."""

    type: str
    plural: str
    object: dict[str, Any]


class FakeApi:
    """The API server and its store.

    Attributes:
        objects: Objects by plural and key.
        events: Everything that ever happened, oldest first.
        now: Its clock.
        admission: Called with plural and body before a create; raises to refuse it.
        logs: What each pod printed, by its name.
        kubelets_answer: False while no log can be had.
    """

    def __init__(self) -> None:
        self.objects: dict[str, dict[ObjectKey, dict[str, Any]]] = {}
        self.events: list[Event] = []
        self.now = BEGINNING
        self.admission: Callable[[str, Mapping[str, Any]], None] = lambda _plural, _body: None
        self.logs: dict[str, str] = {}
        self.kubelets_answer = True
        self.revision = 100
        self._uids = 0

    def handle(self, call: Call, namespace: str, body: Mapping[str, Any] | None) -> bytes:
        """Do what a request asks for and answer it."""
        if call.method == "POST":
            assert body is not None
            answer = self.create(call.plural, namespace, body, dry_run=call.dry_run)
            return msgspec.json.encode(answer)
        assert call.name is not None
        key = ObjectKey(namespace, call.name)
        if call.subresource == "log":
            self.find(call.plural, key)
            if not self.kubelets_answer:
                raise UnavailableError(502, "dial tcp: no route to host")
            return self.logs.get(call.name, "").encode()
        if call.method == "GET":
            return msgspec.json.encode(self.find(call.plural, key))
        if call.method == "PATCH":
            assert body is not None
            return msgspec.json.encode(self.patch(call.plural, key, call.subresource, body))
        assert call.method == "DELETE"
        wanted = ((body or {}).get("preconditions") or {}).get("uid")
        found = self.find(call.plural, key)["metadata"]["uid"]
        if wanted not in (None, found):
            raise ConflictError(409, f"the UID in the precondition ({wanted}) is not {found}")
        self.remove(call.plural, key)
        return b'{"kind": "Status", "status": "Success"}'

    def find(self, plural: str, key: ObjectKey) -> dict[str, Any]:
        found = self.objects.get(plural, {}).get(key)
        if found is None:
            raise NotFoundError(404, f'{plural} "{key.name}" not found')
        return found

    def all(self, plural: str) -> list[dict[str, Any]]:
        """All objects of a kind, oldest first."""
        return list(self.objects.get(plural, {}).values())

    def create(
        self, plural: str, namespace: str, body: Mapping[str, Any], *, dry_run: bool = False
    ) -> dict[str, Any]:
        key = ObjectKey(namespace, body["metadata"]["name"])
        self.admission(plural, body)
        if key in self.objects.get(plural, {}):
            raise AlreadyExistsError(409, f'{plural} "{key.name}" already exists')
        self._uids += 1
        made = copy.deepcopy(dict(body))
        made["metadata"] |= {
            "namespace": namespace,
            "uid": f"uid-{self._uids}",
            "generation": 1,
            "creationTimestamp": self.now.isoformat(),
        }
        made["metadata"].setdefault("labels", {})
        made.setdefault("status", {"observedGeneration": -1} if plural == "tuningjobs" else {})
        return made if dry_run else self._store("ADDED", plural, key, made)

    def patch(
        self, plural: str, key: ObjectKey, subresource: str | None, body: Mapping[str, Any]
    ) -> dict[str, Any]:
        old = self.find(plural, key)
        version = (body.get("metadata") or {}).get("resourceVersion")
        if version not in (None, old["metadata"]["resourceVersion"]):
            raise ConflictError(409, f"{key.name} has been modified")
        fields = {"status"} if subresource == "status" else {"metadata", "spec"}
        new = _merged(old, {k: v for k, v in body.items() if k in fields})
        if new.get("spec") != old.get("spec"):
            new["metadata"]["generation"] += 1
        if plural in _STATUSES:
            _check(_STATUSES[plural], new["status"])
        new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]
        return old if new == old else self._store("MODIFIED", plural, key, new)

    def update(self, plural: str, key: ObjectKey, **changes: Any) -> None:
        """Change an object as a controller of Kubernetes does: top-level fields, merged."""
        old = self.find(plural, key)
        new = _merged(old, changes)
        if new != old:
            self._store("MODIFIED", plural, key, new)

    def remove(self, plural: str, key: ObjectKey) -> None:
        gone = self.objects[plural].pop(key)
        self.revision += 1
        gone = _merged(gone, {"metadata": {"resourceVersion": str(self.revision)}})
        self.events.append(Event("DELETED", plural, gone))

    def _store(
        self, event: str, plural: str, key: ObjectKey, new: dict[str, Any]
    ) -> dict[str, Any]:
        self.revision += 1
        new["metadata"]["resourceVersion"] = str(self.revision)
        self.objects.setdefault(plural, {})[key] = new
        self.events.append(Event(event, plural, copy.deepcopy(new)))
        return new


class FakeClient(Client):
    """The real client's verbs over a fake API server; each process has its own.

    Attributes:
        calls: Every request that reached the server.
        around: Called with the number of the call, from 0, and what it is, before and after its
            effect; raises what the caller is to see instead of an answer.
        turns: Gives how often others may go first before a request is handled.
    """

    def __init__(self, api: FakeApi) -> None:
        self.calls: list[Call] = []
        self.around: Callable[[int, Call, str], None] = lambda _number, _call, _when: None
        self.turns: Callable[[], int] = lambda: 0
        self._api = api

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
        content_type: str | None = None,
        within: float = 30.0,
        verb: str | None = None,
    ) -> bytes:
        """Answer one request of an object or a collection in a namespace."""
        _ = content_type, within, verb
        found = _PATH.fullmatch(path)
        assert found is not None, path
        call = Call(
            method=method,
            plural=found["plural"],
            name=found["name"],
            subresource=found["subresource"],
            dry_run=bool(query and query.get("dryRun")),
        )
        for _ in range(self.turns()):
            await asyncio.sleep(0)
        number = len(self.calls)
        self.calls.append(call)
        self.around(number, call, "before")
        wire = msgspec.json.decode(msgspec.json.encode(body)) if body is not None else None
        answer = self._api.handle(call, found["namespace"], wire)
        self.around(number, call, "after")
        return answer


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def _merged(old: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 7386."""
    result = copy.deepcopy(dict(old))
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping):
            before = result.get(name)
            result[name] = _merged(before if isinstance(before, Mapping) else {}, value)
        else:
            result[name] = copy.deepcopy(value)
    return result


def _check(model: type[BaseModel], status: Mapping[str, Any]) -> None:
    try:
        model.model_validate(_without_nulls(status))
    except ValidationError as error:
        raise InvalidError(422, f"status is invalid: {error}") from error


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value
