"""What the cluster says of one trial: from its Job, pods and reports to its next status. Pure.

A trial that waits says why in the cluster's own words. How it ends is in `endings`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from kubetune.api.durations import parse_duration
from kubetune.api.names import QUEUE_LABEL
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import MetricsSource, TuningJobSpec
from kubetune.controller import endings, pods
from kubetune.controller.snapshot import TrialView
from kubetune.kube.objects import Job, Pod, TrialStatus
from kubetune.preflight import waits_for_nobody
from kubetune.record import observations as reports
from kubetune.record.endings import ended, paused
from kubetune.record.objects import granted_resource
from kubetune.record.observations import LastWords
from kubetune.record.verdict import Verdict, changed
from kubetune.trialjob.template import training_container

SUSPENDED_BY_TEMPLATE = "SuspendedByTemplate"

START_FAULT_PATIENCE = timedelta(minutes=2)
"""How long an image pull or a container's creation may fail: registries have short outages."""

REPORT_INTERVAL = timedelta(seconds=5)
"""How often an annotation's news is copied into the Trial, from its start on; rungs and ends are
not waited with."""

QUIET_START = timedelta(seconds=10)
"""How long an ordinary start may take before the Trial says so: most are over sooner."""

QUIET_END = timedelta(seconds=30)
"""How long other containers may go on after the training before the Trial says so."""


def judge(
    view: TrialView,
    spec: TuningJobSpec,
    *,
    rungs: Sequence[int],
    now: datetime,
    words: LastWords | None = None,
) -> Verdict:
    """Return what is to be recorded about a trial.

    Args:
        view: The trial with its Job and pods.
        spec: The TuningJob's spec.
        rungs: Steps whose observations matter at once; empty without Hyperband.
        now: Aware; whole seconds are recorded.
        words: What was found in the log in place of the collector; None if nobody looked.
    """
    status = view.trial.status
    if view.state.is_idle or view.has_earlier_job:
        return Verdict(status=status)
    if view.job is None:
        return Verdict(status=_without_job(status, now))
    if view.job.metadata.deletion_timestamp is not None:
        return Verdict(status=status)
    verdict = _of_job(view, view.job, spec, rungs=rungs, now=now, words=words)
    if verdict.status is status:
        return verdict
    rested = paused(verdict.status, spec, resource=granted_resource(view.trial))
    # Recorded along with something else: not worth a write of its own.
    recorded = changed(rested, job_uid=view.job.metadata.uid, refused_since=None)
    return replace(verdict, status=recorded)


def _without_job(status: TrialStatus, now: datetime) -> TrialStatus:
    if status.attempts == 0:
        # It never ran: its Job is created, or created again.
        return changed(status, job_uid=None)
    if status.job_uid is None:
        return status
    message = "the Job of this trial is gone: somebody deleted it while its end was not recorded"
    return ended(status, TrialState.FAILED, "JobDeleted", message, now)


def _of_job(
    view: TrialView,
    job: Job,
    spec: TuningJobSpec,
    *,
    rungs: Sequence[int],
    now: datetime,
    words: LastWords | None,
) -> Verdict:
    pod, status = view.pod, view.trial.status
    failed = pods.condition(job.status.conditions, "Failed")
    if failed is not None and failed.status == "True":
        culprit = pods.first_failure(view.newest_pods.values())
        by = failed.last_transition_time or now
        end = endings.failed(status, pod, spec, culprit=culprit, job_end=failed, by=by)
        return Verdict(status=end)
    if _is_complete(job, pod):
        complete = pods.condition(job.status.conditions, "Complete")
        by = (complete.last_transition_time if complete is not None else None) or now
        return endings.succeeded(status, pod, spec, rungs=rungs, by=by, words=words)
    # One that is still being taken away may yet end well within its grace period.
    if pod is not None and pods.is_disrupted(pod) and pods.is_over(pod):
        return _disrupted(status, job, pod, spec, now)
    if job.spec.suspend:
        return Verdict(status=_pending(status, spec, *_held_back(job, spec)))
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


def _held_back(job: Job, spec: TuningJobSpec) -> tuple[str, str]:
    """Return reason and message of a trial whose Job is suspended."""
    # A webhook may have put it into a queue that the template does not name.
    if waits_for_nobody(spec) and QUEUE_LABEL not in job.metadata.labels:
        return SUSPENDED_BY_TEMPLATE, (
            "spec.trial.template makes the Job suspended (its spec.suspend is true) and names no "
            "queue, so it waits until somebody resumes it: remove suspend from the template, or "
            f"give its metadata the label {QUEUE_LABEL}, with a new spec.runId"
        )
    return "Queued", "the Job is suspended: a queue such as Kueue holds it back"


def _start_problem(job: Job, pod: Pod | None) -> pods.StartProblem:
    if pod is None:
        message = f"no pod yet; {_asking_about(job)} tells more if that lasts"
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
    # Another pod's, or the same one's after a restart; nobody saw how the one before it ended.
    is_another = endings.is_another_start(status.start_time, started)
    first = status.state != TrialState.RUNNING or is_another
    lingering, wake_at = _lingering(pod, spec, now)
    running = changed(
        status,
        observations=[] if is_another and spec.checkpoint is None else status.observations,
        state=TrialState.RUNNING.value,
        reason="PodLingers" if lingering else "Training",
        message=lingering,
        attempts=status.attempts + 1 if first else status.attempts,
        start_time=started if first else status.start_time,
    )
    if spec.metrics.source is not MetricsSource.ANNOTATION:
        return Verdict(status=running, wake_at=wake_at)
    news, fault = endings.annotated(pod, now)
    running = changed(running, message=lingering or fault)
    merged = reports.merge(running.observations, news, objective=spec.objective, keep=rungs)
    last = running.observations[-1] if running.observations else None
    newest = merged[-1].step if merged else -1
    is_rung = any((last.step if last else -1) < rung <= newest for rung in rungs)
    due = ((last.time if last else None) or started) + REPORT_INTERVAL
    if is_rung or now >= due:
        return Verdict(status=changed(running, observations=list(merged)), wake_at=wake_at)
    if merged != tuple(running.observations):
        wake_at = min(filter(None, (wake_at, due)))
    return Verdict(status=running, wake_at=wake_at)


def _lingering(pod: Pod, spec: TuningJobSpec, now: datetime) -> tuple[str, datetime | None]:
    """Return what keeps a pod alive whose training has ended, or "", and when to ask again."""
    trainer = training_container(spec)
    end = pods.ended_container_at(pod, trainer)
    others = pods.running_containers(pod)
    if end is None or not others:
        return "", None
    if now < end + QUIET_END:
        return "", end + QUIET_END
    message = (
        f"container {trainer} has ended, but {', '.join(others)} of the same pod still runs, and "
        "the trial ends with its pod: end that container as well, or make it a sidecar (an init "
        "container with restartPolicy: Always)"
    )
    return message, None


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
        return Verdict(status=ended(status, TrialState.FAILED, problem.reason, message, now))
    worth_saying = since + QUIET_START
    if problem.is_usual and now < worth_saying and status.state == TrialState.PENDING:
        return Verdict(status=status, wake_at=min(deadline, worth_saying))
    waiting = _pending(status, spec, problem.reason, problem.message)
    return Verdict(status=waiting, wake_at=deadline)


def _pending(status: TrialStatus, spec: TuningJobSpec, reason: str, message: str) -> TrialStatus:
    """Return the status of a trial that has to wait.

    What an interrupted attempt said is void, unless a checkpoint lets the next one go on.
    """
    is_void = status.state == TrialState.RUNNING and spec.checkpoint is None
    return changed(
        status,
        state=TrialState.PENDING.value,
        reason=reason,
        message=message,
        start_time=None,
        observations=[] if is_void else status.observations,
        step=None,
    )


def _disrupted(
    status: TrialStatus, job: Job, pod: Pod, spec: TuningJobSpec, now: datetime
) -> Verdict:
    """Return the verdict on a trial whose pod is lost and whose next pod is still to come."""
    disruption = pods.condition(pod.status.conditions, "DisruptionTarget")
    said = f"{disruption.reason}: {disruption.message}" if disruption else ""
    lost = f"the cluster took pod {pod.metadata.name} away ({said})"
    since = pods.ended_at(pod) or (disruption.last_transition_time if disruption else None) or now
    patience = parse_duration(spec.limits.max_pending_time)
    if now >= since + patience:
        message = (
            f"not started again after {_spoken(patience)}: {lost} and no other came; "
            f"{_asking_about(job)} tells why"
        )
        failure = ended(status, TrialState.FAILED, "PodPending", message, now)
        return Verdict(status=failure)
    message = f"{lost}; the trial runs again and this does not count as a failure"
    waiting = _pending(status, spec, "Disrupted", message)
    return Verdict(status=waiting, wake_at=since + patience)


def _asking_about(job: Job) -> str:
    """Return the command that shows what the cluster knows of a Job."""
    return f"kubectl describe job -n {job.metadata.namespace} {job.metadata.name}"


def _spoken(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    return f"{seconds // 60} min" if seconds >= 120 and seconds % 60 == 0 else f"{seconds} s"  # noqa: PLR2004  two minutes
