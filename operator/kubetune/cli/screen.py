"""The live view on a real terminal; the only place that moves the cursor."""

from collections.abc import Callable
from datetime import datetime
from typing import Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from kubetune.cli.render.live import Screen, live_view
from kubetune.cli.snapshot import Snapshot


def terminal(out: TextIO) -> Console | None:
    """The terminal as rich sees it (NO_COLOR is obeyed); None if it cannot move its cursor."""
    console = Console(file=out, highlight=False, markup=False)
    return None if console.is_dumb_terminal else console


class LiveScreen:
    """A view that is redrawn in place and leaves nothing behind but what follows it."""

    def __init__(self, console: Console, now: Callable[[], datetime]) -> None:
        self._console = console
        self._now = now
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def show(self, snapshot: Snapshot | None, notice: str | None) -> None:
        """Draw what is known."""
        if snapshot is None:
            self._live.update(Text(notice or ""), refresh=True)
            return
        screen = Screen(width=self._console.width, height=self._console.height - 1, now=self._now())
        self._live.update(live_view(snapshot, screen, notice=notice), refresh=True)
