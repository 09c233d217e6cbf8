"""Where everything of the cluster lives: folders, files, addresses and names.

One place, so that taking the cluster down can be checked against it. Nothing is read or written
here.
"""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

KUBERNETES_VERSION: Final = "v1.34.4"
NODE_NAME: Final = "kubetune-node"
CONTEXT_NAME: Final = "kubetune"
GPU_RESOURCE: Final = "nvidia.com/gpu"
GPU_COUNT: Final = 8

BRIDGE: Final = "kubetune0"
NETWORK_NAME: Final = "kubetune"
IPTABLES_CHAIN: Final = "KUBETUNE"
# A /22 holds ten times the pods that one node runs at once, so that an address comes back into
# use long after its last owner is forgotten by every connection table.
POD_RANGE: Final = ipaddress.ip_network("10.213.0.0/22")
SERVICE_RANGE: Final = ipaddress.ip_network("10.214.0.0/16")
NODE_IP: Final = str(POD_RANGE.network_address + 1)
API_SERVICE_IP: Final = str(SERVICE_RANGE.network_address + 1)
API_PORT: Final = 6443

PAUSE_IMAGE: Final = "kubetune.local/pause:1"
IMAGE_NAMESPACE: Final = "k8s.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The folders of one cluster.

    `state` holds what a running cluster needs and disappears with it. `cache` holds what takes
    long to make (the Kubernetes binary, base image, image layers) and stays.
    """

    repository: Path
    state: Path
    cache: Path

    @property
    def lock(self) -> Path:
        """Held by whoever changes the cluster. Outside `state`, which comes and goes under it."""
        return self.state.with_suffix(".lock")

    @property
    def trash(self) -> Path:
        """What `state` is called while it is being deleted: half a state must not look whole."""
        return self.state.with_suffix(".trash")

    @property
    def module(self) -> Path:
        """The Go module that the node's binaries are built from."""
        return self.repository / "tests" / "cluster" / "node"

    @property
    def pki(self) -> Path:
        """Keys and certificates."""
        return self.state / "pki"

    @property
    def logs(self) -> Path:
        """One file per component."""
        return self.state / "logs"

    @property
    def audit_log(self) -> Path:
        """Requests to the API server, one JSON object per line."""
        return self.state / "audit" / "audit.log"

    @property
    def config(self) -> Path:
        """Configuration files that the components read."""
        return self.state / "config"

    @property
    def processes(self) -> Path:
        """One record per process, written when it starts."""
        return self.state / "processes"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.state / "kubeconfig"

    @property
    def containerd_socket(self) -> Path:
        """Where kubelet and ctr find the container runtime."""
        return self.state / "containerd.sock"

    @property
    def sysctls_before(self) -> Path:
        """The kernel settings as they were before the cluster came up."""
        return self.state / "sysctls-before.json"

    @property
    def chains_before(self) -> Path:
        """The iptables chains that must stay when the cluster goes."""
        return self.state / "chains-before.json"

    @property
    def loaded_images(self) -> Path:
        """Which build of each image the node holds."""
        return self.state / "images.json"

    @property
    def tools(self) -> Path:
        """A folder of links with fixed names: kubectl, helm, kwok, promtool."""
        return self.cache / "bin"

    @property
    def kubectl(self) -> Path:
        """The kubectl that fits the cluster."""
        return self.tools / "kubectl"


def default_layout(environment: Mapping[str, str] = os.environ) -> Layout:
    """The folders in use unless a test says otherwise."""
    home = Path(environment.get("HOME", "/root"))
    cache_home = Path(environment.get("XDG_CACHE_HOME") or home / ".cache")
    return Layout(
        repository=Path(__file__).resolve().parents[2],
        state=Path("/var/lib/kubetune-cluster"),
        cache=cache_home / "kubetune",
    )
