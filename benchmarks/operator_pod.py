"""The operator that is being measured: its process, where it is on this machine, and its counts."""

from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from benchmarks import processes
from benchmarks.world import BenchmarkError
from kubetune.kube.client import Client
from kubetune.kube.paths import PODS

NAMESPACE = "kubetune-system"
_LABEL = "app.kubernetes.io/name=kubetune"


@dataclass(frozen=True, slots=True)
class OperatorPod:
    """The operator's pod.

    Attributes:
        name: Of the pod.
        process: Its process; None where the node is another machine.
    """

    name: str
    process: int | None

    def cpu_seconds(self) -> float | None:
        """CPU time since it started; None when not measured here."""
        return None if self.process is None else processes.cpu_seconds(self.process)

    def peak_bytes(self) -> int | None:
        """Peak of resident memory since it started; None when not measured here."""
        return None if self.process is None else processes.peak_bytes(self.process)

    async def requests(self, client: Client) -> Counter[str]:
        """Requests since it started by its own count, by "verb resource" as in `audit`."""
        path = PODS.path(NAMESPACE, f"{self.name}:8080", "proxy") + "/metrics"
        text = (await client.get(path)).decode()
        counts: Counter[str] = Counter()
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == "kubetune_api_requests_total":
                    code = int(sample.labels["code"])
                    refused = f" ({code})" if code >= HTTPStatus.BAD_REQUEST else ""
                    name = f"{sample.labels['verb']} {sample.labels['resource']}{refused}"
                    counts[name] += int(sample.value)
        return counts


async def find_operator(client: Client, *, here: bool) -> OperatorPod:
    """The operator's running pod.

    Args:
        client: To ask with.
        here: The node is this machine, so its processes can be read.

    Raises:
        BenchmarkError: There is none.
    """
    items, _ = await client.list_all(
        PODS.path(NAMESPACE), msgspec.json.decode, label_selector=_LABEL
    )
    for pod in items:
        statuses = pod["status"].get("containerStatuses") or []
        if pod["metadata"].get("deletionTimestamp") or not statuses or not statuses[0]["ready"]:
            continue
        container = statuses[0]["containerID"].partition("://")[2]
        process = processes.of_container(container) if here else None
        return OperatorPod(pod["metadata"]["name"], process)
    raise BenchmarkError(f"no operator is ready in namespace {NAMESPACE}")
