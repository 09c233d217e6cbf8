"""How a trial ended: a state, a reason and a message. Pure.

Every ending has a reason that a person can act on, and what the training code said in the message.
Which ending it was is found out elsewhere: from a pod, or from a process.
"""

from collections.abc import Sequence
from datetime import datetime

from kubetune.api.names import ANNOTATION_METRICS
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import FinalValue, Goal, MetricsSource, ObjectiveSpec, TuningJobSpec
from kubetune.kube.objects import Rung, TrialStatus
from kubetune.record import observations as reports
from kubetune.record.verdict import changed

_TAIL_LINES = 10


def ended(
    status: TrialStatus, state: TrialState, reason: str, message: str, at: datetime
) -> TrialStatus:
    """Return the status of a trial that has ended so."""
    last = status.observations[-1].step if status.observations else None
    return changed(
        status,
        state=state.value,
        reason=reason,
        message=message,
        completion_time=at.replace(microsecond=0),
        step=last,
    )


def well_ended(
    status: TrialStatus, spec: TuningJobSpec, *, tail: Sequence[str], fault: str = "", at: datetime
) -> TrialStatus:
    """Return the status of a trial whose training ended well: with a value, or without one.

    Args:
        status: With all observations.
        spec: The TuningJob's spec.
        tail: The last lines that the training code printed, if known.
        fault: What is wrong with the way in which it reported, if that is known.
        at: When it ended.
    """
    objective = spec.objective
    value = reports.final_value(status.observations, objective)
    if isinstance(value, float):
        value = _with_rungs(value, status, objective)
        return changed(ended(status, TrialState.SUCCEEDED, "Completed", "", at), value=value)
    if value is not None:
        message = (
            f"{objective.metric} was {value}: a smaller learning rate or clipped gradients often "
            "help; a trial without a finite value cannot win"
        )
        return ended(status, TrialState.FAILED, "NonFiniteObjective", message, at)
    message = _hint(status, spec, fault) + quoted(tail)
    return ended(status, TrialState.METRICS_UNAVAILABLE, "MetricNotReported", message, at)


def paused(status: TrialStatus, spec: TuningJobSpec, *, resource: int | None) -> TrialStatus:
    """Return the status of a trial that was trained to a rung which is not the last.

    Args:
        status: What became of the trial; it stays so unless its training ended well and its job
            pauses trials.
        spec: The TuningJob's spec.
        resource: Steps that the trial might use; None without Hyperband.
    """
    settings = spec.strategy.hyperband
    if resource is None or settings is None or not settings.mode.pauses:
        return status
    is_below_top = resource < settings.top
    if not is_below_top or status.state != TrialState.SUCCEEDED or status.value is None:
        return status
    reached = Rung(step=resource, value=status.value, time=status.completion_time)
    return changed(
        status,
        state=TrialState.PAUSED.value,
        reason="RungReached",
        message=f"{spec.objective.metric} {status.value:g} at step {resource}; the trial goes on "
        "if it is among the best there",
        rungs=[*(rung for rung in status.rungs if rung.step < resource), reached],
    )


def _with_rungs(value: float, status: TrialStatus, objective: ObjectiveSpec) -> float:
    """Return the final value of an attempt, or a better one that counts from an earlier attempt."""
    if objective.value is not FinalValue.BEST:
        return value
    pick = max if objective.goal is Goal.MAXIMIZE else min
    return pick([value, *(rung.value for rung in status.rungs)])


def container_failed(
    status: TrialStatus,
    container: str,
    exit_code: int,
    *,
    signal: int = 0,
    tail: Sequence[str],
    at: datetime,
) -> TrialStatus:
    """Return the status of a trial whose container ended with an exit code other than 0.

    Args:
        status: With all observations.
        container: Name of the container.
        exit_code: 128 and the signal's number where a signal ended it.
        signal: That number, if it is known; else 0.
        tail: The last lines that it printed.
        at: When it ended.
    """
    detail = f" by signal {signal}" if signal else ""
    message = f"container {container} ended with exit code {exit_code}{detail}"
    return ended(status, TrialState.FAILED, "ContainerFailed", message + quoted(tail), at)


def deadline_exceeded(status: TrialStatus, said: str, *, at: datetime) -> TrialStatus:
    """Return the status of a trial that was ended by activeDeadlineSeconds; `said`: by whom."""
    message = f"{said}. Raise activeDeadlineSeconds in spec.trial.template, or train less"
    return ended(status, TrialState.FAILED, "DeadlineExceeded", message, at)


def quoted(lines: Sequence[str]) -> str:
    """Return the last lines of an output as the end of a message."""
    last = [line.rstrip() for line in lines if line.strip()][-_TAIL_LINES:]
    return "\nlast lines:\n" + "\n".join(last) if last else ""


def _hint(status: TrialStatus, spec: TuningJobSpec, fault: str) -> str:
    metric = spec.objective.metric
    seen = sorted({name for o in status.observations for name in o.metrics})
    also = f" (it reported {', '.join(seen)})" if seen else ""
    match spec.metrics.source:
        case MetricsSource.ANNOTATION:
            remedy = fault or (
                f"set the pod annotation {ANNOTATION_METRICS} to JSON such as "
                f'{{"step": 1, "{metric}": 0.5}}'
            )
        case MetricsSource.FILE:
            remedy = f"write lines such as {metric}=0.5 to {spec.metrics.path}"
        case MetricsSource.STDOUT:
            remedy = f"print lines such as {metric}=0.5, flushed, or set spec.metrics.patterns"
    return f"the training code ended without reporting {metric}{also}: {remedy}"
