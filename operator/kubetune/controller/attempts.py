"""What an attempt leaves on its Trial when it ends: its times, its last step, what its GPUs did.

An attempt runs from the start of the training container to its end, or to the decision that ended
it. Pure; every status of a trial goes through here on its way to be recorded, so that no way to end
an attempt is forgotten.
"""

import math
from datetime import datetime, timedelta

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.controller import pods
from kubetune.controller.snapshot import TrialView
from kubetune.core.gpus import Count, gpu_counter
from kubetune.kube.objects import Attempt, TrialStatus
from kubetune.record.verdict import changed
from kubetune.trialjob.template import training_container

KEPT_ATTEMPTS = 10

_A_SECOND = timedelta(seconds=1)


def accounted(
    view: TrialView,
    status: TrialStatus,
    spec: TuningJobSpec,
    *,
    now: datetime,
    count: Count | None = None,
) -> TrialStatus:
    """Return the status with what the attempts that end with it have used.

    Args:
        view: The trial as it is recorded, with its pods.
        status: What is to be recorded; says nothing of `gpu_seconds` or `earlier_attempts` yet.
        spec: Whose template says how many GPUs a trial has.
        now: The moment of the look.
        count: How many GPUs its Job has, if it was not made from that template.

    Seconds are rounded up, so that what was counted while an attempt ran never becomes less.
    """
    old = view.trial.status
    ended: list[tuple[datetime, datetime]] = []
    # A Paused trial's attempt has ended, and the next one may be far away.
    is_finished = TrialState(status.state).is_idle
    goes_on = status.state == TrialState.RUNNING and status.start_time == old.start_time
    if old.state == TrialState.RUNNING and old.start_time is not None and not goes_on:
        if is_finished and status.start_time == old.start_time:
            ended.append((old.start_time, _end(status, now)))
        else:
            attempt = _interrupted(view, old.start_time, status, training_container(spec), now)
            ended.append((old.start_time, attempt.end_time or now))
            earlier = [*old.earlier_attempts, attempt][-KEPT_ATTEMPTS:]
            status = changed(status, earlier_attempts=earlier)
    if old.state == TrialState.PAUSED and status.state == TrialState.PENDING:
        before = Attempt(
            start_time=old.start_time,
            end_time=old.completion_time,
            reason=old.reason,
            step=old.step,
        )
        earlier = [*old.earlier_attempts, before][-KEPT_ATTEMPTS:]
        status = changed(status, earlier_attempts=earlier)
    if is_finished and status.start_time is not None and status.start_time != old.start_time:
        # It began and ended while nobody looked.
        ended.append((status.start_time, _end(status, now)))
    if not ended:
        return status
    gpus = (count or gpu_counter(spec))(view.trial.spec.parameters)
    if gpus == 0:
        return status
    seconds = sum(max(math.ceil((end - start).total_seconds()), 0) for start, end in ended)
    return changed(status, gpu_seconds=(old.gpu_seconds or 0.0) + gpus * seconds)


def _end(status: TrialStatus, now: datetime) -> datetime:
    """Return when an attempt ended that ended its trial."""
    at = status.completion_time
    # A decision is recorded in whole seconds, but it was taken now.
    return now if at is None or at >= now.replace(microsecond=0) else at


def _interrupted(
    view: TrialView, start: datetime, status: TrialStatus, container: str, now: datetime
) -> Attempt:
    """Return the attempt that ended before its trial: as its pod says, if that is left."""
    old = view.trial.status
    end = now
    reason = status.reason
    if status.start_time is not None:
        # Another attempt has begun, so this one was over by then.
        end, reason = status.start_time, "Replaced"
    for pod in view.pods:
        began = pods.started_at(pod, container)
        if began is None or abs(began - start) > _A_SECOND:
            continue
        reason = "Disrupted" if pods.is_disrupted(pod) else reason
        known = pods.container(pod, container)
        terminated = known.state.terminated if known is not None else None
        if terminated is not None and terminated.finished_at is not None:
            end = terminated.finished_at
    return Attempt(
        start_time=start,
        end_time=end,
        reason=reason,
        step=old.observations[-1].step if old.observations else old.step,
    )
