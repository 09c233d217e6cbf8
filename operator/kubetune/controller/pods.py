"""What a pod says about its trial: why it waits, whether it was disrupted, how it ended."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from kubetune.api.names import COLLECTOR_CONTAINER
from kubetune.kube.objects import Condition, ContainerStatus, Pod, Terminated
from kubetune.record.observations import NO_WORDS, LastWords, read_last_words

# Waiting reasons that no patience mends; image pulls may be a passing fault of the registry.
_START_FAULTS = {
    "ErrImagePull": "ImagePullFailed",
    "ImagePullBackOff": "ImagePullFailed",
    "ErrImageNeverPull": "ImagePullFailed",
    "InvalidImageName": "ImagePullFailed",
    "ImageInspectError": "ImagePullFailed",
    "RegistryUnavailable": "ImagePullFailed",
    "CreateContainerConfigError": "ContainerCannotStart",
    "CreateContainerError": "ContainerCannotStart",
    "RunContainerError": "ContainerCannotStart",
    "CrashLoopBackOff": "ContainerCannotStart",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StartProblem:
    """Why a pod does not start.

    Attributes:
        reason: Unschedulable, ImagePullFailed, ContainerCannotStart, PodPending or
            PodStarting.
        message: The cluster's own words.
        since: When it began; None when the cluster does not say.
        is_fault: True for what waiting is unlikely to mend.
    """

    reason: str
    message: str
    since: datetime | None
    is_fault: bool = False

    @property
    def is_usual(self) -> bool:
        """True for what every pod goes through."""
        return self.reason in ("PodPending", "PodStarting")


def is_over(pod: Pod) -> bool:
    """True when all containers of the pod have ended for good."""
    return pod.status.phase in ("Succeeded", "Failed")


def is_disrupted(pod: Pod) -> bool:
    """True when the cluster took the pod away: preemption, eviction, node loss, drain."""
    disruption = condition(pod.status.conditions, "DisruptionTarget")
    return disruption is not None and disruption.status == "True"


def condition(conditions: Sequence[Condition], kind: str) -> Condition | None:
    """Return the condition of that type."""
    return next((c for c in conditions if c.type == kind), None)


def container(pod: Pod, name: str) -> ContainerStatus | None:
    """Return the status of a container, init containers included."""
    statuses = [*pod.status.container_statuses, *pod.status.init_container_statuses]
    return next((status for status in statuses if status.name == name), None)


def started_at(pod: Pod, training_container: str) -> datetime | None:
    """Return when the training container started; None before."""
    status = container(pod, training_container)
    if status is None:
        return None
    for state in (status.state, status.last_state):
        if state.running is not None:
            return state.running.started_at
        if state.terminated is not None:
            return state.terminated.started_at
    return None


def ended_at(pod: Pod) -> datetime | None:
    """Return when the last of its containers ended; None while the cluster does not say."""
    return max(_ends(pod.status.container_statuses), default=None)


def ended_container_at(pod: Pod, name: str) -> datetime | None:
    """Return when a container ended; None while it runs or waits."""
    status = container(pod, name)
    return next(_ends([status]), None) if status is not None else None


def running_containers(pod: Pod) -> tuple[str, ...]:
    """Return the containers, sidecars apart, that run."""
    statuses = pod.status.container_statuses
    return tuple(status.name for status in statuses if status.state.running is not None)


def overdue_since(pod: Pod) -> datetime | None:
    """Return when a deleted pod should have been gone; None if it is over or not deleted.

    The API server sets the time of deletion to the end of the pod's grace period.
    """
    return None if is_over(pod) else pod.metadata.deletion_timestamp


def start_problem(pod: Pod) -> StartProblem | None:
    """Return why the pod does not start; None when nothing is known to be in the way."""
    scheduled = condition(pod.status.conditions, "PodScheduled")
    if scheduled is not None and scheduled.status == "False":
        return StartProblem(
            reason=scheduled.reason or "Unschedulable",
            message=scheduled.message,
            since=scheduled.last_transition_time or pod.metadata.creation_timestamp,
        )
    for status in [*pod.status.init_container_statuses, *pod.status.container_statuses]:
        waiting = status.state.waiting
        if waiting is not None and waiting.reason in _START_FAULTS:
            said = f": {waiting.message}" if waiting.message else ""
            return StartProblem(
                reason=_START_FAULTS[waiting.reason],
                message=f"container {status.name}: {waiting.reason}{said}",
                since=_could_start_at(pod),
                is_fault=True,
            )
    return None


def _could_start_at(pod: Pod) -> datetime | None:
    """Return when the container that does not start could have: init containers come first."""
    finished = _ends(pod.status.init_container_statuses)
    began = pod.status.start_time or pod.metadata.creation_timestamp
    return max([*finished, *([began] if began is not None else [])], default=None)


def _ends(statuses: Sequence[ContainerStatus]) -> Iterator[datetime]:
    """Yield when those of the containers ended that have."""
    for status in statuses:
        end = status.state.terminated
        if end is not None and end.finished_at is not None:
            yield end.finished_at


def failed_container(pod: Pod) -> tuple[str, Terminated] | None:
    """Return the container whose end made the pod fail, and how it ended.

    The earliest failure is the cause; the collector is passed over when another one failed.
    """
    ends = [
        (status.name, status.state.terminated)
        for status in [*pod.status.container_statuses, *pod.status.init_container_statuses]
        if status.state.terminated is not None and status.state.terminated.exit_code != 0
    ]

    def order(end: tuple[str, Terminated]) -> tuple[bool, str, str]:
        name, terminated = end
        finished = terminated.finished_at
        return (name == COLLECTOR_CONTAINER, finished.isoformat() if finished else "~", name)

    return min(ends, key=order, default=None)


def first_failure(pods: Iterable[Pod]) -> Pod | None:
    """Return the pod whose container was the first to fail; None if none has.

    When one pod of a Job fails, the Job controller ends the others, which then look like failures.
    """
    failures = []
    for pod in pods:
        failure = failed_container(pod)
        if failure is not None:
            finished = failure[1].finished_at
            failures.append((finished.isoformat() if finished else "~", pod.metadata.name, pod))
    return min(failures, key=lambda failure: failure[:2])[2] if failures else None


def last_words(pod: Pod) -> LastWords:
    """Return what the collector left behind in the pod's status."""
    status = container(pod, COLLECTOR_CONTAINER)
    if status is None:
        return LastWords()
    for state in (status.state, status.last_state):
        if state.terminated is not None and state.terminated.message:
            return read_last_words(state.terminated.message)
    return NO_WORDS
