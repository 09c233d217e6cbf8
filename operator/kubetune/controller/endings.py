"""How a trial ended, as its Job and its pod's last words say it. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from kubetune.api.names import ANNOTATION_METRICS
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import MetricsSource, TuningJobSpec
from kubetune.controller import pods
from kubetune.kube.objects import Condition, Observation, Pod, TrialStatus
from kubetune.record import endings
from kubetune.record import observations as reports
from kubetune.record.endings import ended, quoted
from kubetune.record.observations import LastWords
from kubetune.record.verdict import Verdict, changed
from kubetune.trialjob.template import training_container


def succeeded(
    status: TrialStatus,
    pod: Pod | None,
    spec: TuningJobSpec,
    *,
    rungs: Sequence[int],
    by: datetime,
    words: LastWords | None = None,
) -> Verdict:
    """Return the verdict on a trial whose training ended well: with a value, or without one.

    Args:
        status: The trial's status so far.
        pod: The pod that reports for it.
        spec: The TuningJob's spec.
        rungs: Steps whose observations survive the thinning.
        by: When it was over for certain; stands in for an end that nobody recorded.
        words: What was found in the log in place of the collector; None: what the collector said.
    """
    status = _counted(status, pod, spec)
    said = words or _last_words(pod)
    status = _complete_reports(status, pod, said, spec, rungs=rungs, by=by)
    fault = annotated(pod, by)[1] if pod is not None else ""
    at = _finish_time(pod, spec, by)
    end = endings.well_ended(status, spec, tail=said.tail, fault=fault, at=at)
    # A file is gone with its pod.
    is_cut = spec.metrics.source is MetricsSource.STDOUT and not said.whole
    if is_cut and words is None:
        return Verdict(status=end, wants_reports=True)
    is_silent = end.state == TrialState.METRICS_UNAVAILABLE
    return Verdict(status=end, wants_log=is_silent and not said.tail)


def failed(
    status: TrialStatus,
    pod: Pod | None,
    spec: TuningJobSpec,
    *,
    culprit: Pod | None,
    job_end: Condition,
    by: datetime,
) -> TrialStatus:
    """Return the status of a trial whose Job has failed.

    Args:
        status: The trial's status so far.
        pod: The pod that reports for it.
        spec: The TuningJob's spec.
        culprit: The pod that was the first to fail, the same one unless the Job is Indexed.
        job_end: What the Job says of its end.
        by: When it was over for certain; stands in for an end that nobody recorded.
    """
    status = _counted(status, pod, spec)
    status = _complete_reports(status, pod, _last_words(pod), spec, rungs=(), by=by)
    at = _finish_time(pod, spec, by)
    said = f"{job_end.reason}: {job_end.message}"
    if job_end.reason == "DeadlineExceeded":
        return endings.deadline_exceeded(status, said, at=at)
    cause = pods.failed_container(culprit) if culprit is not None else None
    if pod is None and culprit is None:
        said += "; no pod of it is left: somebody deleted it at once (--force), or its node is gone"
    if culprit is None or cause is None:
        return ended(status, TrialState.FAILED, job_end.reason or "JobFailed", said, at)
    name, end = cause
    if pod is None or culprit.metadata.name != pod.metadata.name:
        name = f"{name} of pod {culprit.metadata.name}"
    lines = end.message.splitlines()
    if end.reason == "OOMKilled":
        message = f"container {name} used more memory than its limit; raise resources.limits.memory"
        return ended(status, TrialState.FAILED, "OOMKilled", message + quoted(lines), at)
    if culprit.metadata.deletion_timestamp is not None:
        message = f"somebody deleted pod {culprit.metadata.name}"
        return ended(status, TrialState.FAILED, "PodDeleted", message + quoted(lines), at)
    return endings.container_failed(
        status, name, end.exit_code, signal=end.signal, tail=lines, at=at
    )


def _counted(status: TrialStatus, pod: Pod | None, spec: TuningJobSpec) -> TrialStatus:
    """Return the status with an attempt that began and ended while nobody looked.

    What the attempt before it said is void, unless it left a checkpoint.
    """
    started = pods.started_at(pod, training_container(spec)) if pod is not None else None
    if started is None:
        return status
    was_running = status.state == TrialState.RUNNING
    if was_running and not is_another_start(status.start_time, started):
        return status
    observations = status.observations
    if was_running and spec.checkpoint is None:
        observations = [o for o in observations if o.time is None or o.time >= started]
    return changed(
        status, attempts=status.attempts + 1, start_time=started, observations=observations
    )


def is_another_start(known: datetime | None, started: datetime) -> bool:
    """Return whether an attempt began after the known one: recorded times are whole seconds."""
    return known is not None and started > known + timedelta(seconds=1)


def _last_words(pod: Pod | None) -> LastWords:
    return pods.last_words(pod) if pod is not None else LastWords()


def _complete_reports(
    status: TrialStatus,
    pod: Pod | None,
    words: LastWords,
    spec: TuningJobSpec,
    *,
    rungs: Sequence[int],
    by: datetime,
) -> TrialStatus:
    """Add what the pod left behind."""
    left: Sequence[Observation] = words.observations
    if spec.metrics.source is MetricsSource.ANNOTATION and pod is not None:
        left, _ = annotated(pod, by)
    if not left:
        return status
    merged = reports.merge(status.observations, left, objective=spec.objective, keep=rungs)
    if merged == tuple(status.observations):
        return status
    return changed(status, observations=list(merged))


def annotated(pod: Pod, now: datetime) -> tuple[tuple[Observation, ...], str]:
    """Return the observations in a pod's annotation, and what is wrong with it, or ""."""
    text = pod.metadata.annotations.get(ANNOTATION_METRICS)
    return reports.read_annotation(text, now=now) if text is not None else ((), "")


def _finish_time(pod: Pod | None, spec: TuningJobSpec, by: datetime) -> datetime:
    status = pods.container(pod, training_container(spec)) if pod is not None else None
    end = status.state.terminated if status is not None else None
    return end.finished_at if end is not None and end.finished_at is not None else by
