"""Keeps a store true to the API server: list once, then watch, for ever.

    ┌► list ──► watch ──┬─ ended by the server ──► watch from where we were
    │                   ├─ connection lost, any error ──► wait, watch from where we were
    ├───────────────────┼─ silence, without even a bookmark
    └───────────────────┴─ 410: the server forgot that version

A reflector never ends by itself: a watch that cannot be had is tried for as long as the process
lives. What the objects mean does not belong here.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Hashable
from contextlib import aclosing
from typing import Generic, NoReturn, TypeVar

import msgspec

from kubetune.errors import ClusterError
from kubetune.kube.client import WATCH_INACTIVITY, Client
from kubetune.kube.failures import ExpiredError, failure
from kubetune.kube.objects import Object, Status, WatchEvent
from kubetune.kube.store import Store

T = TypeVar("T", bound=Object)

FIRST_DELAY = 0.2
"""Seconds before the second attempt; doubled from there to LONGEST_DELAY."""

LONGEST_DELAY = 30.0
"""Seconds between attempts at most."""

WATCH_SECONDS = 300
"""The server is asked to end a watch after one to two times as long, so that they spread out."""

_log = logging.getLogger(__name__)
_event_decoder = msgspec.json.Decoder(WatchEvent)
_bare_decoder = msgspec.json.Decoder(Object)
_status_decoder = msgspec.json.Decoder(Status)


class Reflector(Generic[T]):
    """Lists and watches one collection.

    Attributes:
        store: What is known now. Empty until `synced`.
        synced: Set when the first list is in the store; never cleared.
    """

    def __init__(
        self,
        client: Client,
        path: str,
        kind: type[T],
        *,
        on_change: Callable[[T | None, T | None], None],
        jitter: Callable[[], float],
        index: Callable[[T], Hashable | None] = lambda _: None,
        label_selector: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        inactivity: float = WATCH_INACTIVITY,
    ) -> None:
        """Make a reflector that has not begun; `run` begins.

        Args:
            client: Must outlive the reflector.
            path: A collection, in one namespace or in all.
            kind: What to decode each object into.
            on_change: See `Store`.
            jitter: Gives a number in [0, 1) that spreads attempts and watches out.
            index: See `Store`.
            label_selector: None means all objects.
            monotonic: Seconds that never go back.
            sleep: Waits the given seconds.
            inactivity: Seconds of silence after which a watch counts as dead.
        """
        self.store: Store[T] = Store(on_change, index=index)
        self.synced = asyncio.Event()
        self._client = client
        self._path = path
        self._decoder = msgspec.json.Decoder(kind)
        self._label_selector = label_selector
        self._jitter = jitter
        self._monotonic = monotonic
        self._sleep = sleep
        self._inactivity = inactivity
        self._must_list = True
        self._barren = 0

    async def run(self) -> NoReturn:
        """Go on until cancelled."""
        while True:
            # Attempts in a row that came to nothing, this one included until it brings news.
            self._barren += 1
            begun = self._monotonic()
            try:
                if self._must_list:
                    await self._list()
                await self._watch()
            except ExpiredError:
                self._must_list = True
            except ClusterError as error:
                _log.warning("watch failed", extra={"path": self._path, "reason": str(error)})
            except Exception:  # noqa: BLE001  # a fault must not end the watching; it is logged
                _log.exception("watch failed", extra={"path": self._path})
                self._must_list = True
            if self._barren and self._monotonic() - begun >= LONGEST_DELAY:
                # So long and not one bookmark: the connection was dead, or the server came back
                # from a backup and sends nothing until its versions have caught up with ours.
                self._barren = 0
                self._must_list = True
            if self._barren:
                await self._sleep(self._delay())

    def _delay(self) -> float:
        """Seconds before the next attempt: exponential, the upper half of it by chance."""
        longest = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(self._barren - 1, 10))
        return longest * (1 + self._jitter()) / 2

    async def _list(self) -> None:
        found, resource_version = await self._client.list_all(
            self._path, self._decode, label_selector=self._label_selector
        )
        self.store.replace(found, int(resource_version))
        self._must_list = False
        self.synced.set()

    async def _watch(self) -> None:
        watch = self._client.watch(
            self._path,
            str(self.store.revision),
            label_selector=self._label_selector,
            timeout_seconds=int(WATCH_SECONDS * (1 + self._jitter())),
            inactivity=self._inactivity,
        )
        async with aclosing(watch) as lines:
            async for line in lines:
                self._take(line)
                self._barren = 0

    def _take(self, line: bytes) -> None:
        event = _event_decoder.decode(line)
        match event.type:
            case "ADDED" | "MODIFIED":
                new = self._decode(event.object)
                if new is not None:
                    self.store.apply(new)
            case "DELETED":
                self.store.discard(_bare_decoder.decode(event.object).metadata)
            case "BOOKMARK":
                self.store.advance(_bare_decoder.decode(event.object).metadata.revision)
            case "ERROR":
                status = _status_decoder.decode(event.object)
                raise failure(status.code, bytes(event.object))

    def _decode(self, raw: msgspec.Raw) -> T | None:
        """The object; what was known of it before, if it cannot be read now."""
        try:
            return self._decoder.decode(raw)
        except msgspec.ValidationError as error:
            metadata = _bare_decoder.decode(raw).metadata
            _log.error(
                "unreadable object",
                extra={"path": self._path, "key": metadata.key, "reason": str(error)},
            )
            return self.store.get(metadata.key)
