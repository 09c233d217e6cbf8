"""Kubernetes Events about what Kubetune decided, for `kubectl describe` and `kubectl events`.

Recording never waits and never fails: an event is advice to a person, and no decision may hang on
it. So that many of the same do not drown the rest,

    the same (object, reason, note) again ──► counted; its series is written at most once a minute
    too many about one object             ──► dropped, by a token bucket per object
    too many at once                      ──► dropped, the queue is bounded
    the same after a restart              ──► the same name, so the API server has it already
"""

import asyncio
import hashlib
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, NoReturn, Self, TypeVar

from kubetune.api.names import GROUP
from kubetune.errors import AlreadyExistsError, ClusterError, NotFoundError, UnavailableError
from kubetune.kube.client import Client
from kubetune.kube.objects import Metadata, micro_time
from kubetune.kube.paths import EVENTS

CONTROLLER = f"{GROUP}/operator"
"""`reportingController` of every event."""

LONGEST_NOTE = 1024
"""Bytes of UTF-8 that the API server takes in a note."""

BURST = 100
"""Events about one object that may come at once."""

REFILL_SECONDS = 1.0
"""Seconds until one more event about the same object may come."""

SERIES_SECONDS = 60.0
"""Seconds between two writes of the same event."""

_QUEUE = 1000
_REMEMBERED = 4096
"""Events, and objects, that are remembered to tell repetitions; some 2 MB when full."""
_RETRIES = 3
_RETRY_SECONDS = 1.0
_LONGEST_NAME = 253

V = TypeVar("V")

_log = logging.getLogger(__name__)


class ObjectReference(NamedTuple):
    """The object that an event is about."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str

    @classmethod
    def to(cls, api_version: str, kind: str, metadata: Metadata) -> Self:
        """Refer to an object that was read."""
        return cls(api_version, kind, metadata.namespace, metadata.name, metadata.uid)


@dataclass(slots=True)
class _Bucket:
    """Tokens left at a moment of the monotonic clock."""

    tokens: float
    at: float


@dataclass(slots=True, kw_only=True)
class _Event:
    """An event that was recorded, and how often.

    Attributes:
        body: What to create it from.
        count: How often it was recorded.
        last: When it was recorded last.
        queued_at: Monotonic time of its last way into the queue.
        exists: The API server has it.
    """

    body: dict[str, Any]
    last: datetime
    count: int = 0
    queued_at: float = -math.inf
    exists: bool = False

    @property
    def namespace(self) -> str:
        namespace: str = self.body["metadata"]["namespace"]
        return namespace

    @property
    def name(self) -> str:
        name: str = self.body["metadata"]["name"]
        return name


class Recorder:
    """Takes events at once and writes them in the background.

    Attributes:
        dropped: How many events were given up, for whatever reason.
    """

    def __init__(
        self,
        client: Client,
        *,
        instance: str,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Make a recorder; `run` writes.

        Args:
            client: Needs the rights to create and patch events.
            instance: Which operator speaks, at most 128 characters: the pod's name.
            now: The wall clock, aware.
            monotonic: Seconds that never go back.
            sleep: Waits the given seconds.
        """
        self.dropped = 0
        self._client = client
        self._instance = instance
        self._now = now
        self._monotonic = monotonic
        self._sleep = sleep
        self._queue: asyncio.Queue[_Event] = asyncio.Queue(_QUEUE)
        self._events: OrderedDict[Hashable, _Event] = OrderedDict()
        self._buckets: OrderedDict[Hashable, _Bucket] = OrderedDict()

    def record(
        self,
        regarding: ObjectReference,
        *,
        action: str,
        reason: str,
        note: str,
        severity: Literal["Normal", "Warning"] = "Normal",
    ) -> None:
        """Say that something was done to an object, and why.

        Args:
            regarding: The object.
            action: What was done, in CamelCase: "StopTrial".
            reason: Why, in CamelCase: "BelowMedian".
            note: A sentence for a person; cut at 1024 bytes.
            severity: Warning for what a person should look at.
        """
        note = _cut(note)
        moment = self._monotonic()
        event = _recall(
            self._events,
            (regarding.uid, reason, note),
            lambda: _Event(
                body=self._body(regarding, action, reason, note, severity), last=self._now()
            ),
        )
        event.count += 1
        event.last = self._now()
        if moment - event.queued_at < SERIES_SECONDS:
            return
        if self._queue.full() or not self._admits(regarding.uid, moment):
            self.dropped += 1
            return
        event.queued_at = moment
        self._queue.put_nowait(event)

    async def run(self) -> NoReturn:
        """Write what is recorded, until cancelled."""
        while True:
            event = await self._queue.get()
            try:
                await self._write(event)
            except ClusterError as error:
                self.dropped += 1
                _log.warning("event not written", extra={"reason": str(error)})
            finally:
                self._queue.task_done()

    async def flush(self, *, within: float = 5.0) -> None:
        """Wait until everything recorded is written, for `within` seconds at most."""
        try:
            async with asyncio.timeout(within):
                await self._queue.join()
        except TimeoutError:
            _log.warning("events left unwritten", extra={"count": self._queue.qsize()})

    async def _write(self, event: _Event) -> None:
        for attempt in range(_RETRIES):
            try:
                return await self._create_or_count(event)
            except UnavailableError:
                await self._sleep(_RETRY_SECONDS * 2**attempt)
        return await self._create_or_count(event)

    async def _create_or_count(self, event: _Event) -> None:
        if event.exists:
            series = {"count": event.count, "lastObservedTime": micro_time(event.last)}
            try:
                await self._client.merge_patch(
                    EVENTS.path(event.namespace, event.name), {"series": series}
                )
            except NotFoundError:
                pass  # the API server lets events go after an hour: begin anew
            else:
                return
        try:
            await self._client.create(EVENTS.path(event.namespace), event.body)
        except AlreadyExistsError:
            _log.debug("event said before", extra={"event": event.name})
        event.exists = True

    def _admits(self, uid: str, moment: float) -> bool:
        """Take a token of that object's bucket, if there is one."""
        bucket = _recall(self._buckets, uid, lambda: _Bucket(BURST, moment))
        bucket.tokens = min(BURST, bucket.tokens + (moment - bucket.at) / REFILL_SECONDS)
        bucket.at = moment
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True

    def _body(
        self, regarding: ObjectReference, action: str, reason: str, note: str, severity: str
    ) -> dict[str, Any]:
        digest = hashlib.sha256(f"{regarding.uid}\0{reason}\0{note}".encode()).hexdigest()
        suffix = f".{digest[:16]}"
        return {
            "apiVersion": EVENTS.api_version,
            "kind": "Event",
            "metadata": {
                "name": regarding.name[: _LONGEST_NAME - len(suffix)] + suffix,
                # Events about cluster-wide objects live here by convention.
                "namespace": regarding.namespace or "default",
            },
            "regarding": {
                "apiVersion": regarding.api_version,
                "kind": regarding.kind,
                "namespace": regarding.namespace,
                "name": regarding.name,
                "uid": regarding.uid,
            },
            "action": action,
            "reason": reason,
            "note": note,
            "type": severity,
            "eventTime": micro_time(self._now()),
            "reportingController": CONTROLLER,
            "reportingInstance": self._instance,
        }


def _cut(note: str) -> str:
    """At most LONGEST_NOTE bytes, ending in an ellipsis if it was longer."""
    encoded = note.encode(errors="replace")
    if len(encoded) <= LONGEST_NOTE:
        return encoded.decode()
    ellipsis = "…"
    return encoded[: LONGEST_NOTE - len(ellipsis.encode())].decode(errors="ignore") + ellipsis


def _recall(memory: OrderedDict[Hashable, V], key: Hashable, make: Callable[[], V]) -> V:
    """The value of that key, made if there is none; the least recently used one is let go."""
    value = memory[key] if key in memory else make()
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > _REMEMBERED:
        memory.popitem(last=False)
    return value
