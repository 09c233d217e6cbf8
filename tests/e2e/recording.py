"""Every version that the API server held of a namespace's TuningJobs, as a watch tells them."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.cluster.deploy import kubectl_command
from tests.e2e.tuning_jobs import Jobs

Body = dict[str, Any]

_KEPT: Final = {
    "metadata": ("name", "generation"),
    "spec": ("suspend", "stop", "objective"),
    "status": (
        *("observedGeneration", "conditions", "phase", "reason", "message"),
        *("progress", "trials", "best"),
    ),
}
_SAME_IN_EVERY_RUN: Final = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "2026-01-01T12:00:00Z"),
    (
        re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        "0" * 8 + "-0000" * 3 + "-" + "0" * 12,
    ),
)


@contextmanager
def watched(jobs: Jobs, file: Path) -> Iterator[Path]:
    """Write what happens to the TuningJobs of the namespace into the file, nothing left out."""
    path = f"/apis/kubetune.dev/v1alpha1/namespaces/{jobs.namespace}/tuningjobs"
    listed = json.loads(jobs.kubectl("get", "--raw", path))
    since = listed["metadata"]["resourceVersion"]
    words = kubectl_command(
        jobs.cluster.target, "get", "--raw", f"{path}?watch=true&resourceVersion={since}"
    )
    with file.open("wb") as out, subprocess.Popen(words, stdout=out) as watch:
        try:
            yield file
        finally:
            watch.terminate()


def versions(file: Path, name: str) -> list[Body]:
    """Return the versions of one TuningJob so far, the oldest first."""
    whole = file.read_text("utf-8").rpartition("\n")[0]
    bodies = [json.loads(line)["object"] for line in whole.splitlines()]
    return [body for body in bodies if body["metadata"]["name"] == name]


def comparable(body: Mapping[str, Any], namespace: str) -> Body:
    """Return what GitOps tools may read, without what differs in every run: times, uids, places."""
    kept: Body = {"apiVersion": body["apiVersion"], "kind": body["kind"]}
    for part, names in _KEPT.items():
        kept[part] = {name: body[part][name] for name in names if name in body[part]}
    text = json.dumps(kept).replace(namespace, "team-a")
    for volatile, instead in _SAME_IN_EVERY_RUN:
        text = volatile.sub(instead, text)
    plain: Body = json.loads(text)
    return plain
