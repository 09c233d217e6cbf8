"""States of containers, and conditions of pods and Jobs, as the cluster tells them."""

from datetime import datetime, timedelta

from kubetune.kube.objects import (
    Condition,
    ContainerState,
    ContainerStatus,
    Running,
    Terminated,
    Waiting,
)
from tests.controller.builders import A_MINUTE_AGO, NOW

_HALF_A_MINUTE_AGO = NOW - timedelta(seconds=30)
_JUST_NOW = NOW - timedelta(seconds=2)


def waiting(reason: str, message: str = "", *, name: str = "train") -> ContainerStatus:
    return ContainerStatus(
        name=name, state=ContainerState(waiting=Waiting(reason=reason, message=message))
    )


def running(*, name: str = "train", since: datetime = _HALF_A_MINUTE_AGO) -> ContainerStatus:
    return ContainerStatus(name=name, state=ContainerState(running=Running(started_at=since)))


def ended(
    exit_code: int = 0,
    *,
    name: str = "train",
    reason: str = "",
    message: str = "",
    signal: int = 0,
    started: datetime = _HALF_A_MINUTE_AGO,
    at: datetime = _JUST_NOW,
) -> ContainerStatus:
    """A container that has ended; `message` is its termination message."""
    terminated = Terminated(
        exit_code=exit_code,
        signal=signal,
        reason=reason or ("Completed" if exit_code == 0 else "Error"),
        message=message,
        started_at=started,
        finished_at=at,
    )
    return ContainerStatus(name=name, state=ContainerState(terminated=terminated))


def condition(
    kind: str,
    status: str = "True",
    reason: str = "",
    message: str = "",
    *,
    since: datetime = _JUST_NOW,
) -> Condition:
    return Condition(
        type=kind, status=status, reason=reason, message=message, last_transition_time=since
    )


def unschedulable(message: str, *, since: datetime = A_MINUTE_AGO) -> Condition:
    return condition("PodScheduled", "False", "Unschedulable", message, since=since)


def disruption(reason: str = "PreemptionByScheduler", message: str = "preempted") -> Condition:
    return condition("DisruptionTarget", "True", reason, message)


def job_failed(reason: str = "BackoffLimitExceeded", message: str = "it failed") -> Condition:
    return condition("Failed", "True", reason, message)


def job_complete() -> Condition:
    return condition("Complete")
