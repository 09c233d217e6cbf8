"""Trials in an order: by their values, and by the time of their ends."""

from datetime import UTC, datetime

from kubetune.cli.objects import Trial
from kubetune.cli.snapshot import UNFINISHED, Snapshot

_NEVER = datetime.max.replace(tzinfo=UTC)


def ranking(snapshot: Snapshot) -> list[Trial]:
    """The trials that succeeded with a value, best first, among equals the lower index."""
    sign = 1 if snapshot.job.spec.objective.goal == "Minimize" else -1
    scored = [
        (sign * trial.status.value, trial.spec.index, trial)
        for trial in snapshot.trials
        if trial.status.state == "Succeeded" and trial.status.value is not None
    ]
    return [trial for _, _, trial in sorted(scored, key=lambda item: item[:2])]


def improvements(snapshot: Snapshot) -> list[tuple[int, Trial]]:
    """The trials that succeeded and were better than all before, with their place among the ends.

    Places count from 1, over all trials that have ended, by time.
    """
    ended = sorted(
        (trial for trial in snapshot.trials if trial.status.state not in UNFINISHED),
        key=lambda trial: (trial.status.completion_time or _NEVER, trial.spec.index),
    )
    sign = 1 if snapshot.job.spec.objective.goal == "Minimize" else -1
    found: list[tuple[int, Trial]] = []
    best: float | None = None
    for place, trial in enumerate(ended, start=1):
        value = trial.status.value
        if trial.status.state != "Succeeded" or value is None:
            continue
        if best is None or sign * value < best:
            best = sign * value
            found.append((place, trial))
    return found
