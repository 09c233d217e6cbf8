"""What of the cluster runs at the moment, in words."""

from typing import Final

from tests.cluster.containerd import image_names
from tests.cluster.errors import BringUpError
from tests.cluster.health import is_healthy
from tests.cluster.layout import NODE_NAME, Layout
from tests.cluster.node import gpus, is_ready, read_node
from tests.cluster.node_room import HOLDER
from tests.cluster.processes import is_alive, read_record

EXPECTED: Final = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    HOLDER,
    "containerd",
    "kubelet",
    "kube-proxy",
)


def describe(layout: Layout) -> tuple[bool, str]:
    """Whether the whole cluster is up, and a table that says what is."""
    rows = [_component(layout, name) for name in EXPECTED]
    lines = [f"{name:<24} {pid:<8} {state}" for name, pid, state in rows]
    components_up = all(state == "healthy" for _, _, state in rows)
    node_up, node = _node(layout) if components_up else (False, "unknown")
    lines.append(f"{'node ' + NODE_NAME:<33} {node}")
    if components_up:
        names = [name for name in image_names(layout) if "@sha256:" not in name]
        lines += [f"image {name}" for name in names]
    lines.append(f"kubeconfig {layout.kubeconfig}" if node_up else "the cluster is not up")
    return node_up, "\n".join(lines) + "\n"


def _component(layout: Layout, name: str) -> tuple[str, str, str]:
    record = read_record(layout.processes, name)
    if record is None:
        return name, "-", "not started"
    if not is_alive(record):
        return name, "-", f"ended (was process {record.pid}); see {layout.logs / name}.log"
    return name, str(record.pid), "healthy" if is_healthy(layout, name) else "not healthy"


def _node(layout: Layout) -> tuple[bool, str]:
    try:
        node = read_node(layout)
    except BringUpError as failure:
        return False, str(failure)
    if node is None:
        return False, "not registered"
    ready = is_ready(node)
    return ready, f"{'ready' if ready else 'not ready'}, {gpus(node)} GPUs"
