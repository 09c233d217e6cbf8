"""A volume for checkpoints on a cluster that provides none by itself."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.e2e.tuning_jobs import TRAINER, Jobs

_ROOT = "/var/tmp/kubetune-e2e"  # noqa: S108  on the node


@contextmanager
def volume_for(jobs: Jobs, claim: str) -> Iterator[None]:
    """Offer a volume that only this claim of the namespace can bind; gone afterwards.

    It is a directory of the node that any user may write to: in a hostPath volume a pod that is not
    root could not be helped otherwise.
    """
    name = f"{jobs.namespace}-{claim}"
    _on_the_node(
        jobs, name, f"os.makedirs('/root-of-all/{name}'); os.chmod('/root-of-all/{name}', 0o777)"
    )
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": "",
            "claimRef": {"namespace": jobs.namespace, "name": claim},
            "hostPath": {"path": f"{_ROOT}/{name}"},
        },
    }
    jobs.cluster.kubectl("create", "-f", "-", stdin=json.dumps(volume))
    try:
        yield
    finally:
        jobs.cluster.kubectl("delete", "persistentvolume", name, "--wait=false", check=False)
        _on_the_node(jobs, f"{name}-end", f"shutil.rmtree('/root-of-all/{name}')")


def claim(name: str) -> dict[str, Any]:
    """Return a claim that a volume of `volume_for` fits."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }


def _on_the_node(jobs: Jobs, name: str, statement: str) -> None:
    """Run Python as root with the node's directory at /root-of-all, where pods may still do so."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "restartPolicy": "Never",
            "containers": [
                {
                    "name": "main",
                    "image": TRAINER,
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["python3", "-c", f"import os, shutil; {statement}"],
                    "securityContext": {"runAsUser": 0},
                    "volumeMounts": [{"name": "root", "mountPath": "/root-of-all"}],
                }
            ],
            "volumes": [{"name": "root", "hostPath": {"path": _ROOT, "type": "DirectoryOrCreate"}}],
        },
    }
    jobs.cluster.kubectl("create", "-f", "-", stdin=json.dumps(pod))
    jobs.cluster.kubectl(
        "-n",
        "default",
        "wait",
        f"pod/{name}",
        "--for=jsonpath={.status.phase}=Succeeded",
        "--timeout=60s",
    )
    jobs.cluster.kubectl("-n", "default", "delete", "pod", name, "--wait=false")
