"""The operator as a process of this machine, with its own account's token, to be killed at will."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.target import IMAGES, image_of
from tests.conftest import TestCluster

LEASE_SECONDS = 3


class LocalOperator:
    """Starts and kills operator processes, one at a time."""

    def __init__(self, kubeconfig: Path, log: Path) -> None:
        self._environment = {
            **os.environ,
            "KUBECONFIG": str(kubeconfig),
            "KUBETUNE_COLLECTOR_IMAGE": image_of(IMAGES[1], os.environ),
            "KUBETUNE_LEASE_SECONDS": str(LEASE_SECONDS),
            "KUBETUNE_PORT": "0",
        }
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def without_election(self) -> None:
        """Let the next process act without the lease, as nobody should."""
        self._environment["KUBETUNE_LEADER_ELECTION"] = "false"

    def start(self) -> None:
        """Start a process; it leads as soon as the lease of the one before has run out."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kubetune.controller"], env=self._environment, stderr=log
            )

    def kill(self) -> None:
        """Kill it as the kernel would: no time for anything."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    @property
    def log(self) -> str:
        """Return what all processes logged."""
        return self._log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def deployment_away(cluster: TestCluster) -> Iterator[None]:
    """Scale the operator's Deployment to nothing while the block runs."""
    deployment = ("-n", "kubetune-system", "scale", "deployment/kubetune")
    cluster.kubectl(*deployment, "--replicas=0")
    pods = ("-n", "kubetune-system", "wait", "pod", "-l", "app.kubernetes.io/name=kubetune")
    cluster.kubectl(*pods, "--for=delete", "--timeout=60s")
    try:
        yield
    finally:
        cluster.kubectl(*deployment, "--replicas=1")
        status = ("-n", "kubetune-system", "rollout", "status", "deployment/kubetune")
        cluster.kubectl(*status, "--timeout=60s")


def operator_kubeconfig(cluster: TestCluster, folder: Path) -> Path:
    """Write a kubeconfig with the operator's own account and nothing more."""
    create = ("create", "token", "kubetune", "--duration=2h")
    token = cluster.kubectl("-n", "kubetune-system", *create).stdout.strip()
    return kubeconfig_with_token(cluster, token, folder)


def kubeconfig_with_token(cluster: TestCluster, token: str, folder: Path) -> Path:
    """Write a kubeconfig for the same cluster and context, with a token as its only credential."""
    view = cluster.kubectl("config", "view", "--raw", "--minify", "--flatten").stdout
    config: dict[str, Any] = yaml.safe_load(view)
    config["users"] = [{"name": "holder", "user": {"token": token}}]
    config["contexts"][0]["context"]["user"] = "holder"
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    path.chmod(0o600)
    return path
