"""A place for real processes of one trial."""

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kubetune.local.attempt import Attempt, Command, Start
from kubetune.local.bell import Bell
from kubetune.local.output import Reading
from kubetune.local.processes import ProcessTable
from kubetune.local.store import Store
from kubetune.local.workshop import Workshop
from tests.local.local_builders import machine, manifest, opened

TRIAL = "toy-0"
WAIT_FOR_EVER = "import signal; print('loss=0.5', flush=True); signal.pause()"


class Bench:
    """A table of processes in a directory, and the bell."""

    def __init__(self, directory: Path, bell: Bell) -> None:
        self.store = Store(directory)
        (directory / "trials" / TRIAL).mkdir(parents=True, exist_ok=True)
        self.bell = bell
        self.table = self.another_table()

    def another_table(self) -> ProcessTable:
        """Return the table of another call on the same directory."""
        workshop = Workshop(opened(manifest()).world, self.store, machine())
        now = lambda: datetime.now(UTC)  # noqa: E731, TID251  what is measured is a real process
        reading = Reading(workshop.sidecar, now=now, log=print)
        return ProcessTable(self.store, reading, now=now, draw_uid=lambda: "uid")

    def run(self, *argv: str, directory: Path | None = None, **command: Any) -> Path:
        """Start an attempt and return its directory."""
        place = self.store.attempt(TRIAL)
        fields: dict[str, Any] = {
            "environment": dict(os.environ),
            "directory": str(directory or "/"),
        }
        self.table.start(Start(name=TRIAL), place, Command(argv=argv, **{**fields, **command}))
        return place

    def python(self, program: str, **command: Any) -> Path:
        return self.run(sys.executable, "-S", "-c", program, **command)

    def until(self, holds: Callable[[Attempt], bool], table: ProcessTable | None = None) -> Attempt:
        """Return the attempt once something holds of it."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            found = (table or self.table).attempts()[TRIAL]
            if holds(found):
                return found
            self.bell.wait(0.02)
        raise AssertionError(found)

    def end(self) -> Attempt:
        return self.until(lambda attempt: not attempt.is_alive)
