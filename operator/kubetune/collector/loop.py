"""The collector's only loop: parse what comes, publish what is due, know when to end.

Everything that happens arrives in one inbox, so there is one thread that decides and no lock.
"""

import queue
import threading
import time
from collections.abc import Callable

from kubetune.collector.collect import Collection
from kubetune.collector.report import Reporter

DRAIN = 4.0
"""Seconds after SIGTERM within which the rest of the output must have been read."""

FLUSH_AFTER_STOP = 4.0
"""Seconds after that for publishing; together well below the usual grace period of 30 s."""

FLUSH_AFTER_END = 20.0
"""Seconds for publishing when the training ended and nobody presses."""

INBOX_PIECES = 32
"""Pieces (of at most 64 KiB) that may wait for the parser."""


class Inbox:
    """What the loop waits for: pieces of output, the end of the output, and SIGTERM.

    `SimpleQueue` because its `put` may be called from a signal handler in the middle of a `get`.
    """

    END = b"end"
    STOP = b"stop"

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[tuple[bytes, bytes]] = queue.SimpleQueue()
        self._room = threading.Semaphore(INBOX_PIECES)

    def put(self, piece: bytes) -> None:
        """Hand on a piece of output; waits while the parser is behind."""
        self._room.acquire()
        self._events.put((b"", piece))

    def signal(self, what: bytes) -> None:
        """Announce `END` or `STOP`; never waits."""
        self._events.put((what, b""))

    def get(self, timeout: float | None) -> tuple[bytes, bytes] | None:
        """Return (b"", piece) or (END or STOP, b""); None after `timeout` seconds."""
        try:
            event = self._events.get(timeout=timeout)
        except queue.Empty:
            return None
        if not event[0]:
            self._room.release()
        return event


class Loop:
    """Parses what comes, publishes what is due and knows when to end.

    Args:
        inbox: Where events come from.
        collection: Turns output into observations.
        reporter: Publishes them.
        stopping: Set when the source shall come to its end.
        monotonic: Clock for durations, in seconds.
    """

    def __init__(
        self,
        inbox: Inbox,
        collection: Collection,
        reporter: Reporter,
        stopping: threading.Event,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inbox = inbox
        self._collection = collection
        self._reporter = reporter
        self._stopping = stopping
        self._monotonic = monotonic
        self._ended = False
        self._came_to_its_end = False
        self._deadline: float | None = None

    @property
    def is_whole(self) -> bool:
        """True when the output was read to its end and nothing of it is unpublished."""
        return self._came_to_its_end and self._reporter.due_in() is None

    def run(self) -> None:
        """Return when everything is published, or cannot be in time, or has nowhere to go."""
        while not self._reporter.gone:
            due = self._reporter.due_in()
            if due == 0.0:
                self._reporter.publish(self._collection.series.observations())
                continue
            if self._ended and due is None:
                return
            left = None if self._deadline is None else self._deadline - self._monotonic()
            if left is not None and left <= 0.0:
                if self._ended:
                    return
                self._end()
                continue
            waits = [wait for wait in (due, left) if wait is not None]
            self._handle(self._inbox.get(min(waits, default=None)))

    def _handle(self, event: tuple[bytes, bytes] | None) -> None:
        if event is None:
            return
        what, piece = event
        if what == Inbox.STOP:
            self._stop()
        elif what == Inbox.END:
            if not self._ended:
                self._came_to_its_end = True
                self._end()
        elif not self._ended:
            self._collection.feed(piece)

    def _stop(self) -> None:
        if not self._stopping.is_set():
            self._stopping.set()
            self._press(FLUSH_AFTER_STOP if self._ended else DRAIN)

    def _end(self) -> None:
        self._ended = True
        self._collection.close()
        self._reporter.finish()
        self._deadline = None
        self._press(FLUSH_AFTER_STOP if self._stopping.is_set() else FLUSH_AFTER_END)

    def _press(self, seconds: float) -> None:
        deadline = self._monotonic() + seconds
        self._deadline = deadline if self._deadline is None else min(self._deadline, deadline)
