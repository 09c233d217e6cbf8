"""The API server's verbs over the official client's transport: bytes in and out, no models.

The official package brings configuration, credentials, TLS and connections; its generated models
stay out, and decoding is left to `kubetune.kube.objects`. Caching, retries and the meaning of
objects do not belong here: a failed request is one exception of `kubetune.errors`.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import msgspec

from kubetune.kube.credentials import Access, load_access
from kubetune.kube.failures import ExpiredError, failure
from kubetune.kube.objects import Page, Status
from kubetune.kube.paths import resource_of
from kubetune.kube.transport import Query, Request, Transport, unavailable

REQUEST_TIMEOUT = 30.0
"""Seconds for a request and its whole answer; for a watch, until the answer begins."""

PAGE_SIZE = 500
"""Objects per page of a list, as kubectl asks for: 1 to 5 MB of Jobs or Pods."""

WATCH_INACTIVITY = 180.0
"""Seconds without a line after which a watch counts as dead. Bookmarks come each minute, but on a
quiet API server (1.34) the first one was seen to take 119 s."""

OnRequest = Callable[[str, str, int, float], None]
"""Called once per request with verb, resource ("pods/log"), code (0: no answer) and seconds."""

T = TypeVar("T")

_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_page_decoder = msgspec.json.Decoder(Page)


class Client:
    """Connections to one API server. An async context manager; made by `connect`.

    Attributes:
        namespace: The namespace that kubectl would use with the same configuration.
    """

    def __init__(
        self,
        access: Access,
        *,
        reload: Callable[[], Awaitable[Access]],
        on_request: OnRequest = lambda *_: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.namespace = access.namespace
        self._transport = Transport(access, reload)
        self._on_request = on_request
        self._monotonic = monotonic

    @classmethod
    async def connect(
        cls,
        kubeconfig: str | None = None,
        context: str | None = None,
        *,
        on_request: OnRequest = lambda *_: None,
    ) -> Self:
        """A client by kubectl's rules, or the pod's service account; see `credentials`.

        Raises:
            ClusterError: There is no usable configuration. The server is not asked yet.
        """
        load = partial(load_access, kubeconfig, context)
        return cls(await load(), reload=load, on_request=on_request)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections; open watches end with `UnavailableError`."""
        await self._transport.close()

    async def get(self, path: str) -> bytes:
        """One object."""
        return await self.request("GET", path)

    async def create(self, path: str, body: Mapping[str, Any], *, dry_run: bool = False) -> bytes:
        """The object as created; with `dry_run` as it would be, admitted but not stored.

        Raises:
            AlreadyExistsError: The name is taken.
        """
        return await self.request(
            "POST", path, body=body, query={"dryRun": "All"} if dry_run else None
        )

    async def merge_patch(
        self, path: str, body: Mapping[str, Any], *, within: float = REQUEST_TIMEOUT
    ) -> bytes:
        """The object as patched (RFC 7386: null removes, lists are replaced whole).

        Raises:
            ConflictError: `body` names a `metadata.resourceVersion` that is not the current one.
        """
        return await self.request(
            "PATCH", path, body=body, content_type="application/merge-patch+json", within=within
        )

    async def delete(
        self,
        path: str,
        *,
        uid: str | None = None,
        propagation: Literal["Background", "Foreground", "Orphan"] = "Background",
        grace_seconds: int | None = None,
    ) -> bool:
        """True when the object went at once; False when it lingers (finalizers, running pods).

        Args:
            path: Path of one object.
            uid: Delete only the object of that uid; None deletes whatever has the name.
            propagation: What becomes of the objects that it owns.
            grace_seconds: None means the object's own default.

        Raises:
            ConflictError: The object of that name has another uid.
        """
        options: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": propagation,
        }
        if uid is not None:
            options["preconditions"] = {"uid": uid}
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        answer = await self.request("DELETE", path, body=options)
        return msgspec.json.decode(answer, type=Status).kind == "Status"

    async def list_pages(
        self, path: str, *, label_selector: str | None = None, limit: int | None = PAGE_SIZE
    ) -> AsyncGenerator[Page, None]:
        """Pages of one consistent list, all with the resource version of its first moment.

        Raises:
            ExpiredError: The list took so long that the server forgot its moment; begin again.
        """
        query = _query(labelSelector=label_selector, limit=limit)
        while True:
            body = await self.request("GET", path, query=query, verb="list")
            page = _page_decoder.decode(body)
            yield page
            if not page.metadata.continue_:
                return
            query["continue"] = page.metadata.continue_

    async def list_all(
        self,
        path: str,
        decode: Callable[[msgspec.Raw], T | None],
        *,
        label_selector: str | None = None,
    ) -> tuple[list[T], str]:
        """All objects of one moment, and its resource version to watch from.

        A list that expires between two pages is read again from its beginning in one piece, which
        cannot expire.

        Args:
            path: Path of a collection.
            decode: Applied to each item, page by page; an item for which it gives None is left out.
            label_selector: None means all objects.
        """
        try:
            return await self._list(path, decode, label_selector, limit=PAGE_SIZE)
        except ExpiredError:
            return await self._list(path, decode, label_selector, limit=None)

    async def _list(
        self,
        path: str,
        decode: Callable[[msgspec.Raw], T | None],
        label_selector: str | None,
        *,
        limit: int | None,
    ) -> tuple[list[T], str]:
        found: list[T] = []
        resource_version = ""
        async for page in self.list_pages(path, label_selector=label_selector, limit=limit):
            resource_version = page.metadata.resource_version
            decoded = (decode(item) for item in page.items or ())
            found += [item for item in decoded if item is not None]
        return found, resource_version

    def watch(
        self,
        path: str,
        resource_version: str,
        *,
        label_selector: str | None = None,
        timeout_seconds: int = 300,
        inactivity: float = WATCH_INACTIVITY,
    ) -> AsyncGenerator[bytes, None]:
        """Lines of a watch, bookmarks included; ends when the server ends it in good order.

        Iterate within `contextlib.aclosing`, so that leaving early closes the connection.

        Args:
            path: Path of a collection.
            resource_version: Only changes after it are sent.
            label_selector: None means all objects.
            timeout_seconds: When the server is to end the watch.
            inactivity: Seconds without any line after which the connection counts as dead.

        Raises:
            ExpiredError: The server forgot that version. It may also say so in an ERROR line.
            UnavailableError: The connection broke or fell silent.
        """
        query = _query(
            watch="true",
            allowWatchBookmarks="true",
            resourceVersion=resource_version,
            timeoutSeconds=timeout_seconds,
            labelSelector=label_selector,
        )
        return self.stream(path, query=query, verb="watch", inactivity=inactivity)

    async def stream(
        self, path: str, *, query: Query, verb: str, inactivity: float
    ) -> AsyncGenerator[bytes, None]:
        """Lines of an answer that goes on: a watch, or a log that is followed.

        Iterate within `contextlib.aclosing`. `on_request` hears of it when the answer begins.

        Args:
            path: As `paths.Resource.path` builds it.
            query: Values are quoted here.
            verb: What to count it as.
            inactivity: Seconds without any line after which the connection counts as dead.

        Raises:
            ClusterError: As from `request`; `UnavailableError` also later, between two lines.
        """
        with self._counted(verb, path, REQUEST_TIMEOUT) as answered:
            async with asyncio.timeout(REQUEST_TIMEOUT):
                response = await self._transport.send(Request(method="GET", path=path, query=query))
                answered(response.status)
        try:
            if response.status >= HTTPStatus.MULTIPLE_CHOICES:
                with unavailable(REQUEST_TIMEOUT):
                    refusal = await response.read()
                raise failure(response.status, refusal)
            rest = b""
            while True:
                with unavailable(inactivity):
                    async with asyncio.timeout(inactivity):
                        chunk = await response.content.readany()
                if not chunk:
                    return
                *lines, rest = (rest + chunk).split(b"\n")
                for line in filter(None, lines):
                    yield line
        finally:
            response.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Mapping[str, Any] | None = None,
        content_type: str | None = None,
        within: float = REQUEST_TIMEOUT,
        verb: str | None = None,
    ) -> bytes:
        """The body of a successful answer.

        Args:
            method: GET, POST, PUT, PATCH or DELETE.
            path: As `paths.Resource.path` builds it.
            query: Values are quoted here.
            body: JSON to send; None sends no body.
            content_type: None means application/json.
            within: Seconds for the request and its whole answer.
            verb: What to count it as; None takes the method's usual verb.

        Raises:
            ClusterError: The subclass for the answer's status, with the server's own message;
                `UnavailableError` with status 0 when there was no answer.
        """
        request = Request(
            method=method, path=path, query=query, body=body, content_type=content_type
        )
        with self._counted(verb or _VERBS[method], path, within) as answered:
            async with asyncio.timeout(within):
                response = await self._transport.send(request)
                content = await response.read()
                answered(response.status)
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise failure(response.status, content)
        return content

    @contextmanager
    def _counted(self, verb: str, path: str, within: float) -> Iterator[Callable[[int], None]]:
        """Tell `on_request` how the block went; the block says which code it was answered with."""
        codes = [0]
        started = self._monotonic()
        try:
            with unavailable(within):
                yield codes.append
        finally:
            self._on_request(verb, resource_of(path), codes[-1], self._monotonic() - started)


def _query(**parts: str | int | None) -> Query:
    return {name: part for name, part in parts.items() if part is not None}
