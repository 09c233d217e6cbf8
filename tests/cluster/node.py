"""The node as the API server sees it: is it ready, and how many GPUs does it offer."""

import datetime as dt
import json
import time
from typing import Any, Final

from tests.cluster.commands import run
from tests.cluster.errors import BringUpError
from tests.cluster.layout import GPU_COUNT, GPU_RESOURCE, NODE_NAME, Layout

READY_SECONDS: Final = 120.0


def kubectl(layout: Layout, *arguments: str) -> str:
    """Run kubectl as the cluster's administrator."""
    return run([layout.kubectl, f"--kubeconfig={layout.kubeconfig}", *arguments])


def read_node(layout: Layout) -> dict[str, Any] | None:
    """The Node object; None before the kubelet has registered it."""
    text = kubectl(layout, "get", "node", NODE_NAME, "--ignore-not-found", "--output=json")
    return json.loads(text) if text.strip() else None


def is_ready(node: dict[str, Any], *, since: dt.datetime | None = None) -> bool:
    """Whether the node says that it is ready for pods, and said so at `since` or later."""
    conditions = node.get("status", {}).get("conditions", [])
    return any(
        each["type"] == "Ready"
        and each["status"] == "True"
        and (since is None or dt.datetime.fromisoformat(each["lastHeartbeatTime"]) >= since)
        for each in conditions
    )


def gpus(node: dict[str, Any]) -> int:
    """How many GPUs the node offers to pods."""
    return int(node.get("status", {}).get("allocatable", {}).get(GPU_RESOURCE, 0))


def await_ready(layout: Layout, *, since: dt.datetime) -> dict[str, Any]:
    """Wait until the node is ready, and return it.

    `since` is when the kubelet was started, in whole seconds as the node's own times are. What
    the node said before that came from another kubelet, and this one may yet set its GPUs to
    zero.

    Raises:
        BringUpError: it is not, after two minutes; the message carries the node's own reason.
    """
    deadline = time.monotonic() + READY_SECONDS
    while True:
        node = read_node(layout)
        if node is not None and is_ready(node, since=since):
            return node
        if time.monotonic() > deadline:
            raise BringUpError(
                f"the node is not ready after {READY_SECONDS:.0f} s: {_why_not(node)};"
                f" see {layout.logs / 'kubelet.log'}"
            )
        time.sleep(0.2)


def ensure_gpus(layout: Layout, node: dict[str, Any]) -> bool:
    """Have the node offer the make-believe GPUs; True when it did not and now does.

    The scheduler counts them as it counts real ones. A kubelet that starts without a record of
    devices sets such resources to zero, so this is asked for again whenever it was started.
    """
    if gpus(node) == GPU_COUNT:
        return False
    amount = {GPU_RESOURCE: str(GPU_COUNT)}
    patch = json.dumps({"status": {"capacity": amount, "allocatable": amount}})
    kubectl(layout, "patch", "node", NODE_NAME, "--subresource=status", f"--patch={patch}")
    return True


def _why_not(node: dict[str, Any] | None) -> str:
    if node is None:
        return "the kubelet has not registered it"
    conditions = node.get("status", {}).get("conditions", [])
    return next((each["message"] for each in conditions if each["type"] == "Ready"), "no reason")
