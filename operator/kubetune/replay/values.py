"""Whether the value of a trial follows from what it reported."""

from collections.abc import Iterator

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import FinalValue, TuningJobSpec
from kubetune.core.objective import final_value
from kubetune.core.rungs import levels_of
from kubetune.replay.finding import Finding, Kind, Verdict
from kubetune.replay.history import History
from kubetune.replay.record import Record
from kubetune.stopping.registry import halving_of


def check_values(history: History) -> Iterator[Finding]:
    """Yield a finding for each trial whose value, or whose success, is not what it reported."""
    for record in history.records:
        fault = _fault(history, record)
        if fault is not None:
            name = record.trial.name
            yield Finding(kind=Kind.VALUE, name=name, verdict=Verdict.DIFFERS, text=fault)


def value_of(record: Record, spec: TuningJobSpec) -> float | None:
    """Return the value that a trial has by its reports; None if there are none."""
    trial = record.trial
    if not trial.observations:
        return None
    known = trial.observations
    if spec.objective.value is FinalValue.BEST:
        known = (*trial.rungs, *known)
    return final_value(known, spec.objective.value, spec.objective.goal)


def _fault(history: History, record: Record) -> str | None:
    trial, spec = record.trial, history.spec
    if trial.state is not TrialState.SUCCEEDED:
        return None
    wanted = value_of(record, spec)
    if wanted != trial.value:
        return f"its value is {trial.value}, it reported {wanted}"
    settings = spec.strategy.hyperband
    if settings is None or halving_of(spec).promote is None:
        return None
    top = levels_of(settings)[-1]
    if trial.resource != top:
        return f"it Succeeded at step {trial.resource}, where it had to pause: the last is {top}"
    return None
