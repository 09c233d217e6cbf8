"""What this machine says of one trial: from its process to its next status. Pure.

The counterpart of the operator's `outcomes`, with the same endings and words.
"""

from datetime import datetime

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.kube.objects import Trial, TrialStatus
from kubetune.local.attempt import Attempt, Terms
from kubetune.record import trials
from kubetune.record.endings import (
    container_failed,
    deadline_exceeded,
    ended,
    paused,
    quoted,
    well_ended,
)
from kubetune.record.objects import granted_resource
from kubetune.record.verdict import Verdict, changed

SIGNALS_FROM = 128
"""An exit code above it names the signal that ended the process."""

INTERRUPTED = "kubetune run was interrupted; it runs again, from a checkpoint if there is one"


def judge(
    trial: Trial,
    attempt: Attempt | None,
    spec: TuningJobSpec,
    terms: Terms,
    *,
    now: datetime,
    is_told: bool = False,
) -> Verdict:
    """Return what is to be recorded about a trial.

    Args:
        trial: As it is recorded.
        attempt: Its latest process; None if there is none.
        spec: The TuningJob's spec.
        terms: What the template says about the life of processes.
        now: Aware; whole seconds are recorded.
        is_told: True when the end of that process was recorded before.
    """
    status = trial.status
    if TrialState(status.state).is_idle or is_told:
        return Verdict(status=status)
    if attempt is None or attempt.is_orphan or attempt.stopping_since is not None:
        return Verdict(status=interrupted(trial))
    running = _running(status, attempt)
    if attempt.is_alive:
        return _within_time(running, attempt, terms, now)
    end = _ended(running, attempt, spec, terms, at=attempt.ended_at or now)
    return Verdict(status=paused(end, spec, resource=granted_resource(trial)))


def interrupted(trial: Trial) -> TrialStatus:
    """Return the status of a trial whose process is gone, or is going, through no fault of its."""
    status = trial.status
    if status.state == TrialState.PENDING and status.job_uid is None:
        return status
    return changed(trials.suspended(trial), reason="Interrupted", message=INTERRUPTED)


def _running(status: TrialStatus, attempt: Attempt) -> TrialStatus:
    is_known = status.state == TrialState.RUNNING and status.job_uid == attempt.uid
    return changed(
        status,
        state=TrialState.RUNNING.value,
        reason="Training",
        message="",
        attempts=status.attempts if is_known else status.attempts + 1,
        start_time=status.start_time if is_known else attempt.started_at.replace(microsecond=0),
        job_uid=attempt.uid,
        observations=list(attempt.observations),
    )


def _within_time(running: TrialStatus, attempt: Attempt, terms: Terms, now: datetime) -> Verdict:
    deadlines = [
        (since + allowed, allowed)
        for since, allowed in (
            (attempt.series_started_at, terms.deadline),
            (attempt.started_at, terms.attempt_deadline),
        )
        if allowed is not None
    ]
    if not deadlines:
        return Verdict(status=running)
    deadline, allowed = min(deadlines)
    if now < deadline:
        return Verdict(status=running, wake_at=deadline)
    said = f"DeadlineExceeded: the trial was active for longer than {allowed.total_seconds():g} s"
    return Verdict(status=deadline_exceeded(running, said, at=now))


def _ended(
    running: TrialStatus, attempt: Attempt, spec: TuningJobSpec, terms: Terms, *, at: datetime
) -> TrialStatus:
    if attempt.problem is not None:
        message = f"container {terms.container}: {attempt.problem}"
        return ended(running, TrialState.FAILED, "ContainerCannotStart", message, at)
    if attempt.exit_code == 0:
        return well_ended(running, spec, tail=attempt.tail, at=at)
    return _failed(running, attempt, terms, at)


def _failed(running: TrialStatus, attempt: Attempt, terms: Terms, at: datetime) -> TrialStatus:
    code = attempt.exit_code
    if code is None:
        message = f"nobody saw how container {terms.container} ended" + quoted(attempt.tail)
        return ended(running, TrialState.FAILED, "ContainerFailed", message, at)
    if attempt.failures < terms.backoff_limit:
        message = (
            f"container {terms.container} ended with exit code {code}; failure "
            f"{attempt.failures + 1} of {terms.backoff_limit} that backoffLimit allows"
        )
        return changed(
            running,
            state=TrialState.PENDING.value,
            reason="Retrying",
            message=message + quoted(attempt.tail),
            start_time=None,
        )
    signal = code - SIGNALS_FROM if code > SIGNALS_FROM else 0
    return container_failed(running, terms.container, code, signal=signal, tail=attempt.tail, at=at)
