"""The end of a job in a dozen lines: how it ended, what was best, what early stopping saved."""

from datetime import datetime

from kubetune.cli.render.wording import IN_WORDS, because, clean, duration, number, parameter
from kubetune.cli.snapshot import STATES, Savings, Snapshot

_INDENT = 12


def summary(snapshot: Snapshot, *, now: datetime) -> list[str]:
    """The lines, without control codes; the same on a terminal and in a file."""
    job = snapshot.job
    best = snapshot.best
    lines = [_end(snapshot), ""]
    if best is None:
        lines += _item("Best", "no trial reported a value")
    else:
        at = "" if best.resource is None else f" at step {best.resource}"
        lines += _item(
            "Best", f"{best.trial}: {job.spec.objective.metric} {number(best.value)}{at}"
        )
        point = job.in_order(best.parameters)
        width = max((len(name) for name in point), default=0)
        values = [f"{clean(name):<{width}}  {parameter(value)}" for name, value in point.items()]
        lines += _item("Parameters", *values)
    lines += _item("Trials", counts(snapshot))
    elapsed = snapshot.elapsed(now)
    if elapsed is not None:
        lines += _item("Time", duration(elapsed))
    if snapshot.savings is not None:
        lines += _item("Saved", saved(snapshot.savings))
    return lines


def counts(snapshot: Snapshot) -> str:
    """Number of trials per state, states without trials left out."""
    by_state = snapshot.counts
    told = [f"{by_state[state]} {IN_WORDS[state]}" for state in STATES if by_state[state]]
    return ", ".join(told) if told else "none yet"


def saved(savings: Savings) -> str:
    """What early stopping saved, in steps and per cent."""
    difference = savings.whole - savings.used
    share = 100 * difference / savings.whole if savings.whole else 0
    about = "" if savings.exact else "about "
    trials = "1 trial" if savings.stopped == 1 else f"{savings.stopped} trials"
    return (
        f"{about}{difference} of {savings.whole} steps ({share:.0f} %): "
        f"{trials} stopped early, {savings.used} steps used"
    )


def _end(snapshot: Snapshot) -> str:
    job = snapshot.job
    if job.refusal is not None:
        return (
            f"{job.metadata.name} was refused: {because(job.refusal.reason, job.refusal.message)}"
        )
    for kind in ("Failed", "Complete"):
        condition = job.condition(kind)
        if condition is not None:
            why = because(condition.reason, condition.message)
            return f"{job.metadata.name} is {kind}: {why}" if why else f"{job.metadata.name} {kind}"
    return f"{job.metadata.name}: {because(job.status.phase or 'Pending', job.status.message)}"


def _item(title: str, *values: str) -> list[str]:
    titles = [title] + [""] * (len(values) - 1)
    return [f"{title:<{_INDENT}}{value}" for title, value in zip(titles, values, strict=True)]
