"""What `kubetune run` shows of its job: while it runs, and in the end."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from shlex import quote
from typing import Any

import msgspec

from kubetune.cli import objects
from kubetune.cli.render.summary import summary
from kubetune.cli.snapshot import Snapshot
from kubetune.cli.views import Now, View
from kubetune.kube.objects import Trial
from kubetune.record.objects import trial_json

TICK = timedelta(seconds=1)
"""Time between redraws while nothing happens: elapsed time is shown in seconds."""


class Show:
    """Keeps what the runner knows, and shows it: at once what is new, and the time every second."""

    def __init__(self, view: View, now: Now) -> None:
        self._view = view
        self._now = now
        self._body: Mapping[str, Any] = {}
        self._trials: dict[str, objects.Trial] = {}
        self._notice: str | None = None
        self._due = now()

    @property
    def snapshot(self) -> Snapshot:
        """What is known."""
        return Snapshot.of(msgspec.convert(self._body, objects.TuningJob), self._trials.values())

    def __call__(
        self, body: Mapping[str, Any], changed: Sequence[Trial], notice: str | None
    ) -> None:
        """Show what is known; called by the runner after every look."""
        for trial in changed:
            content = trial_json(trial, body["metadata"]["name"])
            self._trials[trial.metadata.name] = msgspec.convert(content, objects.Trial)
        is_new = bool(changed) or notice != self._notice
        self._body, self._notice, now = body, notice, self._now()
        if is_new or now >= self._due:
            self._due = now + TICK
            self._view.show(self.snapshot, notice)


def result(snapshot: Snapshot, directory: Path, *, again: str | None, now: Now) -> Iterator[str]:
    """Yield the lines after the view.

    Args:
        snapshot: What is known.
        directory: Where everything is kept.
        again: The command that goes on; None for a job that has ended.
        now: The clock.
    """
    yield ""
    yield from summary(snapshot, now=now())
    yield f"{'Kept in':<12}{shown(directory)}"
    if snapshot.job.status.best is not None:
        place = quote(shown(directory))
        yield f"{'Use it':<12}kubetune best -f {place} -o args"
    if again is not None:
        yield f"Go on with: {again}"


def shown(directory: Path) -> str:
    """Return a directory as short as it can be written here."""
    here = Path.cwd()
    return str(directory.relative_to(here) if directory.is_relative_to(here) else directory)
