"""A work queue of keys in the manner of client-go.

A key is handled by one worker at a time; a key that is added while it is handled is handled once
more afterwards, however often it was added. Failures come back after an exponential delay of their
own. Events therefore only ever say "look again".
"""

import asyncio
from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

_FIRST_RETRY = 0.1
_LAST_RETRY = 60.0
_DOUBLINGS = 10


class WorkQueue(Generic[K]):
    """Keys to look at, each at most once at a time. For one event loop."""

    def __init__(self) -> None:
        self._ready: deque[K] = deque()
        self._waiting: set[K] = set()  # in _ready, or to be put there when done
        self._handled: set[K] = set()
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._failures: dict[K, int] = {}
        self._signal = asyncio.Event()

    def __len__(self) -> int:
        """Number of keys that wait for a worker."""
        return len(self._ready)

    def add(self, key: K) -> None:
        """Ask for a look at the key, soon."""
        if key in self._waiting:
            return
        self._waiting.add(key)
        if key not in self._handled:
            self._ready.append(key)
            self._signal.set()

    def add_after(self, key: K, seconds: float) -> None:
        """Ask for a look at the key in that many seconds, or sooner if one is due sooner."""
        if seconds <= 0:
            self.add(key)
            return
        loop = asyncio.get_running_loop()
        timer = self._timers.get(key)
        due = loop.time() + seconds
        if timer is not None:
            if timer.when() <= due:
                return
            timer.cancel()
        self._timers[key] = loop.call_at(due, self._fire, key)

    def retry(self, key: K) -> float:
        """Ask for a look after a failure; return the seconds until then, which double each time."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        delay = min(_FIRST_RETRY * 2.0 ** min(failures, _DOUBLINGS), _LAST_RETRY)
        self.add_after(key, delay)
        return delay

    def forget_failures(self, key: K) -> None:
        """Start the delays of the key anew, after a success."""
        self._failures.pop(key, None)

    async def get(self) -> K:
        """Return the next key, which is being handled until `done()`."""
        while not self._ready:
            self._signal.clear()
            await self._signal.wait()
        key = self._ready.popleft()
        self._waiting.discard(key)
        self._handled.add(key)
        return key

    def done(self, key: K) -> None:
        """Say that the key was handled; it comes again if it was added meanwhile."""
        self._handled.discard(key)
        if key in self._waiting:
            self._ready.append(key)
            self._signal.set()

    def close(self) -> None:
        """Drop every timer."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _fire(self, key: K) -> None:
        del self._timers[key]
        self.add(key)
