"""What Kubetune reads of the objects it watches, and nothing more.

The API server's JSON is decoded straight into these frozen structs; every field that is not named
here (managed fields, environment, volumes) is skipped by the decoder and costs no memory. No
behaviour belongs here: what a state *means* is said by the controller.

    Object
    ├── Job      batch/v1
    ├── Pod      v1
    └── Trial    kubetune.dev/v1alpha1
"""

from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec


class ObjectKey(NamedTuple):
    """Where an object lives; unique per kind at one moment, while a uid is unique for ever."""

    namespace: str
    name: str


def micro_time(at: datetime) -> str:
    """An aware time as the API writes its MicroTime: UTC, six decimals, "Z"."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Slim(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Base of all decoded parts. Decoded JSON has no cycles, so the collector may skip it."""


class OwnerReference(Slim, frozen=True):
    """One owner of an object; at most one of them is the controller."""

    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool = False


class Metadata(Slim, frozen=True):
    """The part of `metadata` that Kubetune reads. Times are aware, in UTC.

    Attributes:
        resource_version: Decimal number as text; larger is newer within one kind. Empty in an
            object that did not come from the API server.
        deletion_timestamp: None while nobody has asked for the deletion.
    """

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: list[OwnerReference] = []
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None

    @property
    def key(self) -> ObjectKey:
        """Namespace and name."""
        return ObjectKey(self.namespace, self.name)

    @property
    def revision(self) -> int:
        """The resource version as a number; 0 when there is none."""
        return int(self.resource_version or 0)

    @property
    def controller(self) -> OwnerReference | None:
        """The owner that manages this object; None for an orphan."""
        return next((owner for owner in self.owner_references if owner.controller), None)


class Object(Slim, frozen=True):
    """Base of every kind that a reflector can hold."""

    metadata: Metadata = Metadata()


class Condition(Slim, frozen=True):
    """One condition of a Job or a Pod; `status` is "True", "False" or "Unknown"."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None


class JobSpec(Slim, frozen=True):
    """What was asked of a Job; None where the API server leaves a field out."""

    suspend: bool = False
    parallelism: int | None = None
    completions: int | None = None
    backoff_limit: int | None = None
    active_deadline_seconds: int | None = None
    ttl_seconds_after_finished: int | None = None


class JobStatus(Slim, frozen=True):
    """Pod counts and the end of a Job; `terminating` is None where the server does not count it."""

    active: int = 0
    ready: int = 0
    succeeded: int = 0
    failed: int = 0
    terminating: int | None = None
    start_time: datetime | None = None
    completion_time: datetime | None = None
    conditions: list[Condition] = []


class Job(Object, frozen=True):
    """A batch/v1 Job."""

    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()


class ContainerSpec(Slim, frozen=True):
    """A container by name; `restart_policy` is set on init containers only ("Always": sidecar)."""

    name: str
    restart_policy: str | None = None


class PodSpec(Slim, frozen=True):
    """Where a pod runs and which containers it has; `node_name` is empty until it is bound."""

    node_name: str = ""
    restart_policy: str = ""
    containers: list[ContainerSpec] = []
    init_containers: list[ContainerSpec] = []


class Waiting(Slim, frozen=True):
    """Why a container does not run yet, for example ImagePullBackOff."""

    reason: str = ""
    message: str = ""


class Running(Slim, frozen=True):
    """Since when a container runs."""

    started_at: datetime | None = None


class Terminated(Slim, frozen=True):
    """How a container ended; `message` is its termination message, at most 4096 bytes."""

    exit_code: int
    signal: int = 0
    reason: str = ""
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ContainerState(Slim, frozen=True):
    """At most one of the three is set; none means that the kubelet has not looked yet."""

    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Slim, frozen=True):
    """The kubelet's view of one container; `last_state` is how it ended the time before."""

    name: str
    ready: bool = False
    restart_count: int = 0
    image: str = ""
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class PodStatus(Slim, frozen=True):
    """The kubelet's and the scheduler's view of a pod."""

    phase: str = "Pending"
    reason: str = ""
    message: str = ""
    start_time: datetime | None = None
    conditions: list[Condition] = []
    container_statuses: list[ContainerStatus] = []
    init_container_statuses: list[ContainerStatus] = []


class Pod(Object, frozen=True):
    """A v1 Pod."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class Observation(Slim, frozen=True):
    """Metrics at one step, as the collector wrote them; distrusted until the controller checks.

    Attributes:
        non_finite: Metrics that were NaN or infinite, which JSON numbers cannot say, as text.
    """

    step: int
    time: datetime | None = None
    metrics: dict[str, float] = {}
    non_finite: dict[str, str] = {}


class Basis(Slim, frozen=True):
    """What a suggestion was made from; see core.basis."""

    first: int
    finished: int
    digest: str


class TrialSpec(Slim, frozen=True):
    """One point of the search space; None where the strategy has no such idea."""

    index: int
    parameters: dict[str, Any] = {}
    resource: int | None = None
    bracket: int | None = None
    run_id: str | None = None
    reason: str | None = None
    basis: Basis | None = None


class Attempt(Slim, frozen=True):
    """An attempt that ended before its trial did; `step` is the last one that it reported."""

    start_time: datetime | None = None
    end_time: datetime | None = None
    reason: str = ""
    step: int | None = None


class Rung(Slim, frozen=True, omit_defaults=True):
    """What a trial reached at a rung; `promotion` is what its promotion was decided from."""

    step: int
    value: float
    time: datetime | None = None
    left_time: datetime | None = None
    promotion: dict[str, Any] | None = None


class TrialStatus(Slim, frozen=True):
    """What has become of a trial; `evidence` is what a stop was decided from."""

    state: str = "Pending"
    reason: str = ""
    message: str = ""
    attempts: int = 0
    observations: list[Observation] = []
    value: float | None = None
    step: int | None = None
    job_uid: str | None = None
    refused_since: datetime | None = None
    start_time: datetime | None = None
    completion_time: datetime | None = None
    evidence: dict[str, Any] | None = None
    gpu_seconds: float | None = None
    earlier_attempts: list[Attempt] = []
    resource: int | None = None
    rungs: list[Rung] = []


class Trial(Object, frozen=True, kw_only=True):
    """A kubetune.dev Trial."""

    spec: TrialSpec
    status: TrialStatus = TrialStatus()


class PageMetadata(Slim, frozen=True):
    """Where a list stands; `continue_` is empty on the last page."""

    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class Page(Slim, frozen=True):
    """One page of a list. Items stay raw, so that one bad object cannot hide all the others."""

    metadata: PageMetadata = PageMetadata()
    items: list[msgspec.Raw] | None = None


class WatchEvent(Slim, frozen=True):
    """One line of a watch: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR (`object` is a Status)."""

    type: str
    object: msgspec.Raw


class Status(Slim, frozen=True):
    """The API server's answer when there is no object to answer with."""

    kind: str = ""
    message: str = ""
    reason: str = ""
    code: int = 0
