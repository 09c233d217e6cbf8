"""What the cluster says of one trial: from its Job, pods and reports to its next status. Pure.

Every ending has a reason that a person can act on, and the cluster's own words in the message.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import msgspec

from kubetune.api.durations import parse_duration
from kubetune.api.names import ANNOTATION_METRICS
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import MetricsSource, TuningJobSpec
from kubetune.controller import observations as reports
from kubetune.controller import pods
from kubetune.controller.snapshot import TrialView
from kubetune.kube.objects import Condition, Job, Observation, Pod, TrialStatus
from kubetune.trialjob import training_container

START_FAULT_PATIENCE = timedelta(minutes=2)
"""How long an image pull or a container's creation may fail: registries have short outages."""

REPORT_INTERVAL = timedelta(seconds=5)
"""How often an annotation's news is copied into the Trial, rungs and ends apart."""

QUIET_START = timedelta(seconds=10)
"""How long an ordinary start may take before the Trial says so: most are over sooner."""

_TAIL_LINES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The next status of a trial, and when to look again though nothing happens.

    Attributes:
        status: The recorded status if nothing changed, else what is to be recorded.
        wake_at: A deadline of this trial; None without one.
        wants_log: True when the message should be completed with the pod's last log lines.
    """

    status: TrialStatus
    wake_at: datetime | None = None
    wants_log: bool = field(default=False)


def judge(view: TrialView, spec: TuningJobSpec, *, rungs: Sequence[int], now: datetime) -> Verdict:
    """Return what is to be recorded about a trial.

    Args:
        view: The trial with its Job and pods.
        spec: The TuningJob's spec.
        rungs: Steps whose observations matter at once; empty without Hyperband.
        now: Aware; whole seconds are recorded.
    """
    status = view.trial.status
    if view.state.is_finished:
        return Verdict(status=status)
    if view.job is None:
        return Verdict(status=_without_job(status, now))
    if view.job.metadata.deletion_timestamp is not None:
        return Verdict(status=status)
    verdict = _of_job(view.job, view.pod, status, spec, rungs=rungs, now=now)
    if verdict.status is status:
        return verdict
    # Recorded along with something else: not worth a write of its own.
    return replace(verdict, status=_with(verdict.status, job_uid=view.job.metadata.uid))


def _without_job(status: TrialStatus, now: datetime) -> TrialStatus:
    if status.attempts == 0:
        # It never ran: its Job is created, or created again.
        return _with(status, job_uid=None)
    if status.job_uid is None:
        return status
    message = "the Job of this trial is gone: somebody deleted it while its end was not recorded"
    return _ended(status, TrialState.FAILED, "JobDeleted", message, now)


def _of_job(
    job: Job,
    pod: Pod | None,
    status: TrialStatus,
    spec: TuningJobSpec,
    *,
    rungs: Sequence[int],
    now: datetime,
) -> Verdict:
    failed = pods.condition(job.status.conditions, "Failed")
    if failed is not None and failed.status == "True":
        return Verdict(status=_failed(status, pod, spec, job_end=failed, now=now))
    if _is_complete(job, pod):
        return _succeeded(status, pod, spec, rungs=rungs, now=now)
    # One that is still being taken away may yet end well within its grace period.
    if pod is not None and pods.is_disrupted(pod) and pods.is_over(pod):
        return Verdict(status=_disrupted(status, pod))
    if job.spec.suspend:
        message = "the Job is suspended: a queue such as Kueue holds it back"
        return Verdict(status=_pending(status, "Queued", message))
    started = pods.started_at(pod, training_container(spec)) if pod is not None else None
    if pod is None or started is None:
        return _waiting(status, _start_problem(job, pod), spec, now)
    return _running(status, pod, spec, started=started, rungs=rungs, now=now)


def _is_complete(job: Job, pod: Pod | None) -> bool:
    complete = pods.condition(job.status.conditions, "Complete")
    if complete is not None and complete.status == "True":
        return True
    # The Job controller takes a second longer to say the same of a Job with a single pod.
    is_single = (job.spec.completions or 1) == 1 and (job.spec.parallelism or 1) == 1
    return is_single and pod is not None and pod.status.phase == "Succeeded"


def _start_problem(job: Job, pod: Pod | None) -> pods.StartProblem:
    if pod is None:
        message = f"no pod yet; kubectl describe job {job.metadata.name} tells more if that lasts"
        # Not since its creation: a queue may have held it back until now.
        since = job.status.start_time
        return pods.StartProblem(reason="PodPending", message=message, since=since)
    since = pod.metadata.creation_timestamp
    starting = pods.StartProblem(reason="PodStarting", message="", since=since)
    return pods.start_problem(pod) or starting


def _running(
    status: TrialStatus,
    pod: Pod,
    spec: TuningJobSpec,
    *,
    started: datetime,
    rungs: Sequence[int],
    now: datetime,
) -> Verdict:
    known = status.start_time
    # Recorded times are whole seconds; a later one is another pod's, whose start nobody saw.
    is_another = known is not None and started > known + timedelta(seconds=1)
    first = status.state != TrialState.RUNNING or is_another
    running = _with(
        status,
        observations=[] if is_another else status.observations,
        state=TrialState.RUNNING.value,
        reason="Training",
        message="",
        attempts=status.attempts + 1 if first else status.attempts,
        start_time=started if first else status.start_time,
    )
    if spec.metrics.source is not MetricsSource.ANNOTATION:
        return Verdict(status=running)
    news, fault = _annotated(pod, now)
    running = _with(running, message=fault)
    merged = reports.merge(running.observations, news, objective=spec.objective, keep=rungs)
    last = running.observations[-1] if running.observations else None
    newest = merged[-1].step if merged else -1
    is_rung = any((last.step if last else -1) < rung <= newest for rung in rungs)
    if last is None or last.time is None or is_rung or now - last.time >= REPORT_INTERVAL:
        return Verdict(status=_with(running, observations=list(merged)))
    is_news = merged != tuple(running.observations)
    return Verdict(status=running, wake_at=last.time + REPORT_INTERVAL if is_news else None)


def _waiting(
    status: TrialStatus, problem: pods.StartProblem, spec: TuningJobSpec, now: datetime
) -> Verdict:
    since = problem.since or now
    patience = parse_duration(spec.limits.max_pending_time)
    if problem.is_fault:
        patience = min(patience, START_FAULT_PATIENCE)
    deadline = since + patience
    if now >= deadline:
        message = f"not started after {_spoken(patience)}: {problem.message or problem.reason}"
        return Verdict(status=_ended(status, TrialState.FAILED, problem.reason, message, now))
    worth_saying = since + QUIET_START
    if problem.is_usual and now < worth_saying and status.state == TrialState.PENDING:
        return Verdict(status=status, wake_at=min(deadline, worth_saying))
    return Verdict(status=_pending(status, problem.reason, problem.message), wake_at=deadline)


def _pending(status: TrialStatus, reason: str, message: str) -> TrialStatus:
    """Return the status of a trial that has to wait; what an interrupted attempt said is void."""
    return _with(
        status,
        state=TrialState.PENDING.value,
        reason=reason,
        message=message,
        start_time=None,
        observations=[] if status.state == TrialState.RUNNING else status.observations,
        step=None,
    )


def _disrupted(status: TrialStatus, pod: Pod) -> TrialStatus:
    disruption = pods.condition(pod.status.conditions, "DisruptionTarget")
    said = f"{disruption.reason}: {disruption.message}" if disruption else ""
    return _pending(
        status,
        "Disrupted",
        f"the cluster took pod {pod.metadata.name} away ({said}); the trial runs again and this "
        "does not count as a failure",
    )


def _succeeded(
    status: TrialStatus,
    pod: Pod | None,
    spec: TuningJobSpec,
    *,
    rungs: Sequence[int],
    now: datetime,
) -> Verdict:
    status = _counted(status, pod, spec)
    status, tail = _complete_reports(status, pod, spec, rungs=rungs, now=now)
    objective = spec.objective
    value = reports.final_value(status.observations, objective)
    at = _finish_time(pod, spec, now)
    if isinstance(value, float):
        return Verdict(
            status=_with(_ended(status, TrialState.SUCCEEDED, "Completed", "", at), value=value)
        )
    if value is not None:
        message = (
            f"{objective.metric} was {value}: a smaller learning rate or clipped gradients often "
            "help; a trial without a finite value cannot win"
        )
        ended = _ended(status, TrialState.FAILED, "NonFiniteObjective", message, at)
        return Verdict(status=ended)
    message = _hint(status, pod, spec, now) + _quoted(tail)
    ended = _ended(status, TrialState.METRICS_UNAVAILABLE, "MetricNotReported", message, at)
    return Verdict(status=ended, wants_log=not tail)


def _failed(
    status: TrialStatus,
    pod: Pod | None,
    spec: TuningJobSpec,
    *,
    job_end: Condition,
    now: datetime,
) -> TrialStatus:
    status = _counted(status, pod, spec)
    status, _ = _complete_reports(status, pod, spec, rungs=(), now=now)
    at = _finish_time(pod, spec, now)
    said = f"{job_end.reason}: {job_end.message}"
    if job_end.reason == "DeadlineExceeded":
        message = f"{said}. Raise activeDeadlineSeconds in spec.trial.template, or train less"
        return _ended(status, TrialState.FAILED, "DeadlineExceeded", message, at)
    cause = pods.failed_container(pod) if pod is not None else None
    if cause is None:
        return _ended(status, TrialState.FAILED, job_end.reason or "JobFailed", said, at)
    name, end = cause
    tail = _quoted(end.message.splitlines())
    if end.reason == "OOMKilled":
        message = f"container {name} used more memory than its limit; raise resources.limits.memory"
        return _ended(status, TrialState.FAILED, "OOMKilled", message + tail, at)
    if pod is not None and pod.metadata.deletion_timestamp is not None:
        message = f"somebody deleted pod {pod.metadata.name}"
        return _ended(status, TrialState.FAILED, "PodDeleted", message + tail, at)
    detail = f" by signal {end.signal}" if end.signal else ""
    message = f"container {name} ended with exit code {end.exit_code}{detail}"
    return _ended(status, TrialState.FAILED, "ContainerFailed", message + tail, at)


def _counted(status: TrialStatus, pod: Pod | None, spec: TuningJobSpec) -> TrialStatus:
    """Return the status with an attempt that began and ended while nobody looked."""
    started = pods.started_at(pod, training_container(spec)) if pod is not None else None
    if started is None or status.state == TrialState.RUNNING:
        return status
    return _with(status, attempts=status.attempts + 1, start_time=started)


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
        left, _ = _annotated(pod, now)
    if not left:
        return status, words.tail
    merged = reports.merge(status.observations, left, objective=spec.objective, keep=rungs)
    if merged == tuple(status.observations):
        return status, words.tail
    return _with(status, observations=list(merged)), words.tail


def _annotated(pod: Pod, now: datetime) -> tuple[tuple[Observation, ...], str]:
    text = pod.metadata.annotations.get(ANNOTATION_METRICS)
    return reports.read_annotation(text, now=now) if text is not None else ((), "")


def _hint(status: TrialStatus, pod: Pod | None, spec: TuningJobSpec, now: datetime) -> str:
    metric = spec.objective.metric
    seen = sorted({name for o in status.observations for name in o.metrics})
    also = f" (it reported {', '.join(seen)})" if seen else ""
    match spec.metrics.source:
        case MetricsSource.ANNOTATION:
            fault = _annotated(pod, now)[1] if pod is not None else ""
            remedy = fault or (
                f"set the pod annotation {ANNOTATION_METRICS} to JSON such as "
                f'{{"step": 1, "{metric}": 0.5}}'
            )
        case MetricsSource.FILE:
            remedy = f"write lines such as {metric}=0.5 to {spec.metrics.path}"
        case MetricsSource.STDOUT:
            remedy = f"print lines such as {metric}=0.5, flushed, or set spec.metrics.patterns"
    return f"the training code ended without reporting {metric}{also}: {remedy}"


def _ended(
    status: TrialStatus, state: TrialState, reason: str, message: str, at: datetime
) -> TrialStatus:
    last = status.observations[-1].step if status.observations else None
    return _with(
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


def _spoken(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    return f"{seconds // 60} min" if seconds >= 120 and seconds % 60 == 0 else f"{seconds} s"  # noqa: PLR2004  two minutes


def _with(status: TrialStatus, **changes: object) -> TrialStatus:
    return msgspec.structs.replace(status, **changes)
