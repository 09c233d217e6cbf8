"""One line per transition, best value and decision: for logs and pipes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from kubetune.cli.objects import Best, Trial
from kubetune.cli.render.decisions import happenings
from kubetune.cli.render.summary import counts
from kubetune.cli.render.wording import because, clock, number, parameters
from kubetune.cli.snapshot import Snapshot

_JOB_ENDS = ("Complete", "Failed")


@dataclass(frozen=True, slots=True, order=True)
class _Line:
    """Ordered by time, then rank (a trial starts before it ends), then name."""

    at: datetime
    rank: int
    name: str
    text: str


def changes(before: Snapshot | None, after: Snapshot, *, now: datetime) -> list[str]:
    """Lines for what is in `after` and was not in `before`, oldest first.

    Args:
        before: None at the first look: a job that is under way is then told in one line, instead of
            its whole history, and one that has ended in none, for the summary follows.
        after: What is known now.
        now: Stands in for moments that the objects do not record.
    """
    if before is None and after.job.has_ended:
        return []
    if before is None and after.finished:
        return [str_line(now, after.job.metadata.name, _state(after))]
    found = [*_conditions_and_ends(before, after, now), *_trials(before, after, now)]
    best = after.best
    if best is not None and (before is None or _which(before.best) != _which(best)):
        # What comes with the job's end is told before it.
        at = _ended_at(after, best) if after.job.has_ended else None
        found.append(_Line(at or now, 3, best.trial, _best(after, best)))
    return [str_line(line.at, line.name, line.text) for line in sorted(found)]


def str_line(at: datetime, name: str, text: str) -> str:
    """One line of output, without its end."""
    return f"{clock(at)}  {name}  {text}"


def _conditions_and_ends(
    before: Snapshot | None, after: Snapshot, now: datetime
) -> Iterator[_Line]:
    known = set() if before is None else {(h.name, h.state, h.at) for h in happenings(before)}
    for happening in happenings(after):
        if (happening.name, happening.state, happening.at) not in known:
            # Times are whole seconds: the trial whose end ends the job comes before the job's end.
            ends = happening.name == after.job.metadata.name and happening.state in _JOB_ENDS
            rank = 4 if ends else 2
            yield _Line(happening.at or now, rank, happening.name, happening.text)


def _trials(before: Snapshot | None, after: Snapshot, now: datetime) -> Iterator[_Line]:
    known: dict[str, Trial] = {}
    if before is not None:
        known = {trial.metadata.name: trial for trial in before.trials}
    if before is not None and before.job.spec.suspend and not after.job.spec.suspend:
        yield _Line(now, 0, after.job.metadata.name, "resumed")
    for trial in after.trials:
        name, status = trial.metadata.name, trial.status
        old = known.get(name)
        was = None if old is None else old.status
        if status.start_time is not None and (was is None or was.start_time != status.start_time):
            point = after.job.in_order(trial.spec.parameters)
            yield _Line(status.start_time, 1, name, f"running: {parameters(point)}")
        why = because(status.reason, status.message)
        if (
            status.state == "Pending"
            and why
            and (was is None or why != because(was.reason, was.message))
        ):
            yield _Line(now, 0, name, f"pending: {why}")


def _ended_at(snapshot: Snapshot, best: Best) -> datetime | None:
    """Return when the best trial ended; None while it runs."""
    ends = {trial.metadata.name: trial.status.completion_time for trial in snapshot.trials}
    return ends.get(best.trial)


def _which(best: Best | None) -> tuple[str, float] | None:
    return None if best is None else (best.trial, best.value)


def _best(snapshot: Snapshot, best: Best) -> str:
    at = "" if best.resource is None else f" at step {best.resource}"
    value = f"{snapshot.job.spec.objective.metric} {number(best.value)}"
    return f"is the best so far: {value}{at}, {parameters(snapshot.job.in_order(best.parameters))}"


def _state(snapshot: Snapshot) -> str:
    best = snapshot.best
    wanted = "" if snapshot.wanted is None else f" of {snapshot.wanted}"
    text = f"{snapshot.finished}{wanted} trials have ended ({counts(snapshot)})"
    return text if best is None else f"{text}; best: {best.trial} {number(best.value)}"
