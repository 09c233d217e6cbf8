"""TuningJobs for end-to-end tests, and what to ask of the cluster about them."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from tests.cluster.target import IMAGES, image_of
from tests.conftest import TestCluster

TRAINER = image_of(IMAGES[2], os.environ)

RESTRICTED = {
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}

REPORTS_X = "print('score=$(params.x)', flush=True)"
"""A trial that is over at once; its value is its parameter."""


def trains(epochs: int, *, seconds: float = 0.2) -> str:
    """Return code that reports score = x * epoch for some epochs, and ends on SIGTERM at once."""
    return (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))\n"
        f"for epoch in range(1, {epochs} + 1):\n"
        f"    time.sleep({seconds})\n"
        "    print(f'epoch={epoch} score={$(params.x) * epoch}', flush=True)\n"
    )


def tuning_job(
    name: str,
    code: str,
    *,
    strategy: dict[str, Any] | None = None,
    limits: dict[str, Any] | None = None,
    container: dict[str, Any] | None = None,
    pod: dict[str, Any] | None = None,
    job: dict[str, Any] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    """Return a TuningJob that maximises `score` over x in [0, 1]; x is $(params.x) in the code."""
    trainer = {
        "name": "train",
        "image": TRAINER,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-c", code],
        "env": [{"name": "X", "value": "$(params.x)"}],  # a parameter has to be used
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
        "securityContext": RESTRICTED,
        **(container or {}),
    }
    return {
        "apiVersion": "kubetune.dev/v1alpha1",
        "kind": "TuningJob",
        "metadata": {"name": name},
        "spec": {
            "objective": {"metric": "score", "goal": "Maximize"},
            "parameters": [{"name": "x", "type": "Float", "min": 0, "max": 1}],
            "strategy": strategy or {"type": "Random", "seed": 1},
            "limits": {"maxTrials": 2, "maxParallelTrials": 2, **(limits or {})},
            "trial": {
                "template": {
                    "spec": {
                        **(job or {}),
                        "template": {"spec": {"containers": [trainer], **(pod or {})}},
                    }
                }
            },
            **spec,
        },
    }


@dataclass(frozen=True, slots=True)
class Jobs:
    """The TuningJobs of one namespace."""

    cluster: TestCluster
    namespace: str

    def kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        """Run kubectl in the namespace and return what it printed, errors included."""
        done = self.cluster.kubectl("-n", self.namespace, *arguments, stdin=stdin, check=check)
        return done.stdout + done.stderr

    def apply(self, *manifests: dict[str, Any]) -> None:
        """Apply manifests as a user would."""
        self.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(manifests))

    def patch(self, name: str, patch: str) -> None:
        """Change a TuningJob's spec."""
        self.kubectl("patch", "tuningjob", name, "--type=merge", "--patch", patch)

    def wait(self, name: str, condition: str, *, seconds: int = 90) -> None:
        """Wait until a TuningJob has a condition, such as `condition=Finished`."""
        self.kubectl("wait", f"tuningjob/{name}", f"--for={condition}", f"--timeout={seconds}s")

    def wait_for_trial(self, name: str, jsonpath: str, *, seconds: int = 60) -> None:
        """Wait until a Trial's JSONPath has a value, such as `{.status.state}=Running`."""
        self.kubectl("wait", f"trial/{name}", "--for=create", f"--timeout={seconds}s")
        self.kubectl("wait", f"trial/{name}", f"--for=jsonpath={jsonpath}", f"--timeout={seconds}s")

    def finish(self, name: str, *, seconds: int = 90) -> dict[str, Any]:
        """Wait for the end of a TuningJob and return its status."""
        self.wait(name, "condition=Finished", seconds=seconds)
        return self.status(name)

    def status(self, name: str) -> dict[str, Any]:
        """Return a TuningJob's status."""
        status: dict[str, Any] = self.cluster.get("-n", self.namespace, "tuningjob", name)["status"]
        return status

    def trials(self, name: str) -> list[dict[str, Any]]:
        """Return a TuningJob's Trials, by index."""
        found = self._of("trials", name)
        return sorted(found, key=lambda trial: int(trial["spec"]["index"]))

    def trial(self, name: str) -> dict[str, Any]:
        """Return one Trial."""
        found: dict[str, Any] = self.cluster.get("-n", self.namespace, "trial", name)
        return found

    def jobs(self, name: str) -> list[dict[str, Any]]:
        """Return the batch Jobs of a TuningJob's trials."""
        return self._of("jobs", name)

    def pods(self, name: str) -> list[dict[str, Any]]:
        """Return the pods of a TuningJob's trials."""
        return self._of("pods", name)

    def events(self, kind: str, name: str) -> list[dict[str, Any]]:
        """Return the events about one object."""
        listed = self.cluster.get("-n", self.namespace, "events.events.k8s.io")
        return [
            event
            for event in listed
            if (event["regarding"]["kind"], event["regarding"]["name"]) == (kind, name)
        ]

    def _of(self, resource: str, name: str) -> list[dict[str, Any]]:
        selector = f"kubetune.dev/tuning-job={name}"
        found: list[dict[str, Any]] = self.cluster.get(
            "-n", self.namespace, resource, "-l", selector
        )
        return found


def states(trials: Sequence[dict[str, Any]]) -> list[str]:
    """Return the states of trials."""
    return [trial["status"]["state"] for trial in trials]
