"""How a trial ended: from its pod's last words to a state, a reason and a message. Pure.

Every ending has a reason that a person can act on, and the cluster's own words in the message.
"""

from collections.abc import Sequence
from datetime import datetime

from kubetune.api.names import ANNOTATION_METRICS
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import MetricsSource, TuningJobSpec
from kubetune.controller import observations as reports
from kubetune.controller import pods
from kubetune.controller.verdict import Verdict, changed
from kubetune.kube.objects import Condition, Observation, Pod, TrialStatus
from kubetune.trialjob import training_container

_TAIL_LINES = 10


def succeeded(
    status: TrialStatus,
    pod: Pod | None,
    spec: TuningJobSpec,
    *,
    rungs: Sequence[int],
    now: datetime,
) -> Verdict:
    """Return the verdict on a trial whose training ended well: with a value, or without one."""
    status = _counted(status, pod, spec)
    status, tail = _complete_reports(status, pod, spec, rungs=rungs, now=now)
    objective = spec.objective
    value = reports.final_value(status.observations, objective)
    at = _finish_time(pod, spec, now)
    if isinstance(value, float):
        return Verdict(
            status=changed(ended(status, TrialState.SUCCEEDED, "Completed", "", at), value=value)
        )
    if value is not None:
        message = (
            f"{objective.metric} was {value}: a smaller learning rate or clipped gradients often "
            "help; a trial without a finite value cannot win"
        )
        failure = ended(status, TrialState.FAILED, "NonFiniteObjective", message, at)
        return Verdict(status=failure)
    message = _hint(status, pod, spec, now) + _quoted(tail)
    silence = ended(status, TrialState.METRICS_UNAVAILABLE, "MetricNotReported", message, at)
    return Verdict(status=silence, wants_log=not tail)


def failed(
    status: TrialStatus,
    pod: Pod | None,
    spec: TuningJobSpec,
    *,
    job_end: Condition,
    now: datetime,
) -> TrialStatus:
    """Return the status of a trial whose Job has failed."""
    status = _counted(status, pod, spec)
    status, _ = _complete_reports(status, pod, spec, rungs=(), now=now)
    at = _finish_time(pod, spec, now)
    said = f"{job_end.reason}: {job_end.message}"
    if job_end.reason == "DeadlineExceeded":
        message = f"{said}. Raise activeDeadlineSeconds in spec.trial.template, or train less"
        return ended(status, TrialState.FAILED, "DeadlineExceeded", message, at)
    cause = pods.failed_container(pod) if pod is not None else None
    if cause is None:
        return ended(status, TrialState.FAILED, job_end.reason or "JobFailed", said, at)
    name, end = cause
    tail = _quoted(end.message.splitlines())
    if end.reason == "OOMKilled":
        message = f"container {name} used more memory than its limit; raise resources.limits.memory"
        return ended(status, TrialState.FAILED, "OOMKilled", message + tail, at)
    if pod is not None and pod.metadata.deletion_timestamp is not None:
        message = f"somebody deleted pod {pod.metadata.name}"
        return ended(status, TrialState.FAILED, "PodDeleted", message + tail, at)
    detail = f" by signal {end.signal}" if end.signal else ""
    message = f"container {name} ended with exit code {end.exit_code}{detail}"
    return ended(status, TrialState.FAILED, "ContainerFailed", message + tail, at)


def _counted(status: TrialStatus, pod: Pod | None, spec: TuningJobSpec) -> TrialStatus:
    """Return the status with an attempt that began and ended while nobody looked."""
    started = pods.started_at(pod, training_container(spec)) if pod is not None else None
    if started is None or status.state == TrialState.RUNNING:
        return status
    return changed(status, attempts=status.attempts + 1, start_time=started)


def _complete_reports(
    status: TrialStatus,
    pod: Pod | None,
    spec: TuningJobSpec,
    *,
    rungs: Sequence[int],
    now: datetime,
) -> tuple[TrialStatus, tuple[str, ...]]:
    """Add what the pod left behind; return also the last lines of its log, if known."""
    if pod is None:
        return status, ()
    words = pods.last_words(pod)
    left: Sequence[Observation] = words.observations
    if spec.metrics.source is MetricsSource.ANNOTATION:
        left, _ = annotated(pod, now)
    if not left:
        return status, words.tail
    merged = reports.merge(status.observations, left, objective=spec.objective, keep=rungs)
    if merged == tuple(status.observations):
        return status, words.tail
    return changed(status, observations=list(merged)), words.tail


def annotated(pod: Pod, now: datetime) -> tuple[tuple[Observation, ...], str]:
    """Return the observations in a pod's annotation, and what is wrong with it, or ""."""
    text = pod.metadata.annotations.get(ANNOTATION_METRICS)
    return reports.read_annotation(text, now=now) if text is not None else ((), "")


def _hint(status: TrialStatus, pod: Pod | None, spec: TuningJobSpec, now: datetime) -> str:
    metric = spec.objective.metric
    seen = sorted({name for o in status.observations for name in o.metrics})
    also = f" (it reported {', '.join(seen)})" if seen else ""
    match spec.metrics.source:
        case MetricsSource.ANNOTATION:
            fault = annotated(pod, now)[1] if pod is not None else ""
            remedy = fault or (
                f"set the pod annotation {ANNOTATION_METRICS} to JSON such as "
                f'{{"step": 1, "{metric}": 0.5}}'
            )
        case MetricsSource.FILE:
            remedy = f"write lines such as {metric}=0.5 to {spec.metrics.path}"
        case MetricsSource.STDOUT:
            remedy = f"print lines such as {metric}=0.5, flushed, or set spec.metrics.patterns"
    return f"the training code ended without reporting {metric}{also}: {remedy}"


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


def _finish_time(pod: Pod | None, spec: TuningJobSpec, now: datetime) -> datetime:
    status = pods.container(pod, training_container(spec)) if pod is not None else None
    end = status.state.terminated if status is not None else None
    return end.finished_at if end is not None and end.finished_at is not None else now


def _quoted(lines: Sequence[str]) -> str:
    last = [line.rstrip() for line in lines if line.strip()][-_TAIL_LINES:]
    return "\nlast lines:\n" + "\n".join(last) if last else ""
