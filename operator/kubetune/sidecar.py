"""The container of the metrics sidecar, as far as it is the same for every trial."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kubetune.api.names import COLLECTOR_CONTAINER

Resources = Mapping[str, Mapping[str, str | int | float]]
"""Quantities by name, below "requests" and "limits", as a container has them."""

RESOURCES: Resources = {
    "requests": {"cpu": "10m", "memory": "32Mi"},
    "limits": {"memory": "32Mi"},
}
"""No limit of CPU, which would only throttle the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """What an installation chooses of the metrics sidecar.

    Attributes:
        image: Its image.
        resources: Its requests and limits.
    """

    image: str
    resources: Resources = field(default_factory=lambda: RESOURCES)

    def container(self, environment: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return a container that passes the restricted profile and runs beside the training."""
        return {
            "name": COLLECTOR_CONTAINER,
            "image": self.image,
            "imagePullPolicy": "IfNotPresent",
            "restartPolicy": "Always",
            "env": [dict(variable) for variable in environment],
            "resources": {kind: dict(amounts) for kind, amounts in self.resources.items()},
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65532,
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "terminationMessagePolicy": "File",
        }
