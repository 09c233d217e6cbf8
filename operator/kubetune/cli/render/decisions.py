"""What happened lately, newest last, read off the objects themselves: no history is kept."""

from dataclasses import dataclass
from datetime import UTC, datetime

from kubetune.cli.render.wording import because, clean, outcome
from kubetune.cli.snapshot import UNFINISHED, Snapshot
from kubetune.kube.objects import Condition

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that was decided or came to an end.

    Attributes:
        at: When; None if the object does not say.
        name: The trial's name, or the job's.
        state: The trial's state or the condition's type.
        text: What and why.
    """

    at: datetime | None
    name: str
    state: str
    text: str


def happenings(snapshot: Snapshot) -> list[Happening]:
    """All ends of trials and all conditions that hold, by time, name and state."""
    found = [
        Happening(
            at=trial.status.completion_time,
            name=trial.metadata.name,
            state=trial.status.state,
            text=outcome(trial, snapshot.job.spec.objective.metric),
        )
        for trial in snapshot.trials
        if trial.status.state not in UNFINISHED
    ]
    found += [
        Happening(
            at=condition.last_transition_time,
            name=snapshot.job.metadata.name,
            state=state,
            text=text,
        )
        for condition in snapshot.job.status.conditions
        if (told := _told(condition, snapshot)) is not None
        for state, text in [told]
    ]
    return sorted(found, key=lambda h: (h.at or _NEVER, h.name, h.state))


def _told(condition: Condition, snapshot: Snapshot) -> tuple[str, str] | None:
    """State and words of a condition that is worth a line; None for the others."""
    match condition.type, condition.status:
        case "Accepted", "False":
            return "Refused", f"refused: {because(condition.reason, condition.message)}"
        case "Accepted", "True":
            return "Accepted", f"accepted: {_plan(snapshot)}"
        case "Suspended", "True":
            return "Suspended", "suspended"
        case "Degraded", "True":
            return "Degraded", f"degraded: {clean(condition.message)}"
        case ("Complete" | "Failed") as kind, "True":
            return kind, f"{kind.lower()}: {because(condition.reason, condition.message)}"
    return None


def _plan(snapshot: Snapshot) -> str:
    spec, plan = snapshot.job.spec, snapshot.job.status.plan
    trials = "any number of trials" if snapshot.wanted is None else f"{snapshot.wanted} trials"
    words = f"{spec.strategy.type}, {trials}, {spec.limits.max_parallel_trials} at a time"
    if plan is not None and plan.rungs:
        words += f", judged at steps {' '.join(str(rung.step) for rung in plan.rungs[:-1])}"
    return words
