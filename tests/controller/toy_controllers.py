"""The controllers of the toy cluster: the one of Jobs, and the garbage collector."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubetune.api.names import ANNOTATION_RESOURCE
from kubetune.kube.objects import ObjectKey
from tests.controller.builders import NAMESPACE
from tests.controller.fake_cluster import FakeApi
from tests.controller.toy_kubelet import is_over, is_terminating


@dataclass(slots=True)
class JobController:
    """Makes the pods of Jobs, and ends the Jobs when they have."""

    api: FakeApi
    _pod_number: int = 0

    def control(self, job: dict[str, Any]) -> None:
        """One look at a Job, for Jobs of one pod and no retries."""
        metadata, status = job["metadata"], job["status"]
        if job["spec"].get("suspend") or status.get("conditions"):
            return
        key = ObjectKey(NAMESPACE, metadata["name"])
        own = [p for p in self.api.all("pods") if _owner(p) == metadata["uid"]]
        counted = [pod for pod in own if not _is_disrupted(pod)]
        if not own:
            self.api.update("jobs", key, status={"startTime": self.api.now.isoformat()})
        phases = {pod["status"]["phase"] for pod in counted}
        for phase, kind in (("Succeeded", "Complete"), ("Failed", "Failed")):
            if phase in phases:
                end = {"type": kind, "status": "True", "reason": "BackoffLimitExceeded"}
                self.api.update("jobs", key, status={"conditions": [end]})
                return
        if not counted:
            self._make_pod(job)

    def _make_pod(self, job: dict[str, Any]) -> None:
        self._pod_number += 1
        metadata = job["metadata"]
        self.api.create(
            "pods",
            NAMESPACE,
            {
                "metadata": {
                    "name": f"{metadata['name']}-{self._pod_number:05}",
                    "labels": job["spec"]["template"]["metadata"]["labels"],
                    "ownerReferences": [
                        {
                            "apiVersion": "batch/v1",
                            "kind": "Job",
                            "name": metadata["name"],
                            "uid": metadata["uid"],
                            "controller": True,
                        }
                    ],
                },
                "status": {"phase": "Pending"},
                "ticks": 0,
                "directory": _checkpoint_directory(job),
                "until": int(metadata.get("annotations", {}).get(ANNOTATION_RESOURCE, 0)),
            },
        )


def collect_garbage(api: FakeApi, *, nodes_answer: bool) -> None:
    """Take away what has lost its owners; a pod that runs gets its grace period first."""
    uids = {found["metadata"]["uid"] for kind in api.objects for found in api.all(kind)}
    for plural in ("pods", "jobs", "trials"):
        for child in api.all(plural):
            metadata = child["metadata"]
            owners = metadata.get("ownerReferences", [])
            if not owners or any(owner["uid"] in uids for owner in owners):
                continue
            key = ObjectKey(NAMESPACE, metadata["name"])
            if plural == "pods" and not is_over(child) and not is_terminating(child):
                # Its containers get their grace period: one tick.
                api.update(plural, key, metadata={"deletionTimestamp": api.now.isoformat()})
            elif plural != "pods" or is_over(child) or nodes_answer:
                api.remove(plural, key)


def _checkpoint_directory(job: Mapping[str, Any]) -> str:
    """The directory of the checkpoint volume that a Job's training sees; "" without one."""
    mounts = job["spec"]["template"]["spec"]["containers"][0].get("volumeMounts", [])
    return next((mount["subPath"] for mount in mounts if "subPath" in mount), "")


def _is_disrupted(pod: Mapping[str, Any]) -> bool:
    return bool(pod["status"].get("conditions"))


def _owner(pod: Mapping[str, Any]) -> str:
    uid: str = pod["metadata"]["ownerReferences"][0]["uid"]
    return uid
