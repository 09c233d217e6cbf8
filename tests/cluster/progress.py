"""What a person sees while the cluster comes up: one line per step, with the time it is at.

No terminal is needed; a log of a CI run reads the same as a terminal.
"""

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TextIO

LONG_STEP_INTERVAL: Final = 15.0
"""Seconds between two lines of a step that takes long: shorter than anyone's patience."""


@dataclass(frozen=True, slots=True)
class Reporter:
    """Prints lines such as `[ 12s] kubelet: started`. Safe to use from several threads."""

    stream: TextIO = field(default_factory=lambda: sys.stderr)
    clock: Callable[[], float] = time.monotonic
    started: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def say(self, line: str) -> None:
        """Print one line, prefixed with the seconds since the command began."""
        elapsed = self.clock() - self.started
        with self.lock:
            self.stream.write(f"[{elapsed:4.0f}s] {line}\n")
            self.stream.flush()
