"""What a reconciler works with, put together once in `main`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kubetune.controller.apply import Writer
from kubetune.controller.cluster import Cluster
from kubetune.controller.metrics import Metrics
from kubetune.controller.pod_logs import PodLogs
from kubetune.controller.settings import RoleKind
from kubetune.kube.client import Client
from kubetune.kube.events import Recorder
from kubetune.sidecar import Sidecar


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """What a reconciler works with.

    Attributes:
        client: To ask for dry runs and access.
        cluster: What is known.
        writer: To write with.
        pod_logs: To read with what pods printed.
        recorder: To tell people with.
        metrics: To count with.
        sidecar: The metrics sidecar of trials.
        role_kind: Kind of the roles that trials' pods are bound to.
        now: The wall clock, aware.
        draw_seed: Gives a seed for a job that names none.
    """

    client: Client
    cluster: Cluster
    writer: Writer
    pod_logs: PodLogs
    recorder: Recorder
    metrics: Metrics
    sidecar: Sidecar
    role_kind: RoleKind
    now: Callable[[], datetime]
    draw_seed: Callable[[], int]
