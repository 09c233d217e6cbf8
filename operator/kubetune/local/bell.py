"""What wakes the runner: a child that ended, a signal that asks it to go, or time."""

import os
import select
import signal
from types import FrameType
from typing import Any, Self

_LEAVE = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Bell:
    """Waits for signals without losing one; for the main thread, as a context manager.

    Attributes:
        requests: How often somebody asked us to go, by Ctrl-C or by a signal.
    """

    def __init__(self) -> None:
        self.requests = 0
        self._before: dict[signal.Signals, Any] = {}
        self._read, self._write, self._wakeup = -1, -1, -1

    def __enter__(self) -> Self:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self._wakeup = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in _LEAVE:
            self._before[number] = signal.signal(number, self._asked)
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _ignored)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        os.close(self._read)
        os.close(self._write)

    def wait(self, seconds: float) -> None:
        """Return after so many seconds, or at once when a signal came since the last call."""
        ready, _, _ = select.select([self._read], [], [], max(seconds, 0.0))
        if ready:
            os.read(self._read, 4096)

    def _asked(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.requests += 1


def _ignored(number: int, frame: FrameType | None) -> None:
    """Ring, and nothing else: a signal without handler would not."""
    del number, frame
