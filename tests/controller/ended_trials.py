"""A trial that ran, and what its collector said at last."""

import json
from typing import Any

from kubetune.kube.objects import ContainerStatus
from tests.controller.builders import ago, make_trial
from tests.controller.pod_states import ended

COLLECTOR = "kubetune-collector"


def collector(
    *observations: dict[str, Any], tail: tuple[str, ...] = (), name: str = COLLECTOR
) -> ContainerStatus:
    """The collector after its end, with its last words."""
    words = {"observations": list(observations), "lines": len(tail), "tail": list(tail)}
    return ended(0, name=name, message=json.dumps(words))


def running_trial(**fields: Any) -> Any:
    return make_trial(
        0, "Running", job_uid="job-0", attempts=1, reason="Training", started=ago(30), **fields
    )
