"""Where snapshots of a job are shown: lines, or a live view where there is a terminal."""

import sys
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, Self, TextIO

from kubetune.cli.render.lines import changes, str_line
from kubetune.cli.snapshot import Snapshot

LOST = "the API server does not answer; trying again"
"""The notice after which a notice of nothing means that it answers again."""

Now = Callable[[], datetime]


class View(Protocol):
    """Where snapshots are shown."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...

    def show(self, snapshot: Snapshot | None, notice: str | None) -> None:
        """Show what is known; None before the job has been seen."""


class Lines:
    """A view that prints what is new, one line each."""

    def __init__(self, name: str, out: TextIO, now: Now) -> None:
        self._name = name
        self._out = out
        self._now = now
        self._before: Snapshot | None = None
        self._notice: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to put back."""

    def show(self, snapshot: Snapshot | None, notice: str | None) -> None:
        """Print the difference to what was shown before."""
        now = self._now()
        if notice != self._notice:
            text = notice or ("connected again" if self._notice == LOST else None)
            if text is not None:
                self._print(str_line(now, self._name, text))
            self._notice = notice
        if snapshot is not None:
            for line in changes(self._before, snapshot, now=now):
                self._print(line)
            self._before = snapshot

    def _print(self, line: str) -> None:
        self._out.write(line + "\n")
        self._out.flush()


def view_on(out: TextIO, *, name: str, plain: bool, now: Now) -> View:
    """Return the view that suits an output.

    Args:
        out: Where to.
        name: Name of the TuningJob.
        plain: Lines, on a terminal too.
        now: The clock.
    """
    if plain or out is not sys.stdout or not out.isatty():
        return Lines(name, out, now)
    from kubetune.cli.screen import LiveScreen, terminal  # noqa: PLC0415  rich takes 60 ms

    console = terminal(out)
    return Lines(name, out, now) if console is None else LiveScreen(console, now)
