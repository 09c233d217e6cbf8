"""What the tests of the GitOps tools read is what a cluster holds: recorded here, and compared.

`--refresh-golden` records anew.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.recording import Body, comparable, versions, watched
from tests.e2e.tuning_jobs import REPORTS_X, Jobs, tuning_job
from tests.gitops.statuses import RECORDED

pytestmark = pytest.mark.cluster

FAILS = "raise SystemExit('no such file: train.csv')"
TRAINS_IN_SILENCE = (
    "import signal; signal.signal(signal.SIGTERM, lambda *_: exit(143)); signal.pause()"
)
NO_JOB = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "no-job"},
    "spec": {"hard": {"count/jobs.batch": "0"}},
}


def holds(body: Body, condition: str) -> bool:
    """Return whether a condition is True, of the generation that there is."""
    found = body["status"].get("conditions", [])
    true = {(c["type"], c["observedGeneration"]) for c in found if c["status"] == "True"}
    return (condition, body["metadata"]["generation"]) in true


def first(bodies: Iterable[Body], wanted: Callable[[Body], object]) -> Body:
    """Return the oldest version that is wanted."""
    return next(body for body in bodies if wanted(body))


def obstructed(jobs: Jobs, file: Path) -> Body:
    """Let a quota refuse both Jobs: of one of two nobody knows which is asked for first."""
    jobs.apply(NO_JOB)
    counted = r"--for=jsonpath={.status.hard.count/jobs\.batch}=0"
    jobs.kubectl("wait", "resourcequota/no-job", counted, "--timeout=30s")
    jobs.apply(tuning_job("degraded", TRAINS_IN_SILENCE))
    jobs.wait("degraded", "condition=Degraded")
    jobs.kubectl("delete", "tuningjob/degraded", "resourcequota/no-job")
    return first(versions(file, "degraded"), lambda body: holds(body, "Degraded"))


def short_life(jobs: Jobs, file: Path) -> Mapping[str, Body]:
    """Tune to the end."""
    created = yaml.safe_dump(tuning_job("short", REPORTS_X))
    new = json.loads(jobs.kubectl("create", "-o", "json", "-f", "-", stdin=created))
    jobs.finish("short")
    held = versions(file, "short")
    return {
        "new": new,
        "running": first(held, lambda body: holds(body, "Running")),
        "complete": first(held, lambda body: holds(body, "Complete")),
    }


def long_life(jobs: Jobs, file: Path) -> Mapping[str, Body]:
    """Tune until somebody interrupts, while another job waits for the result."""
    jobs.apply(tuning_job("long", TRAINS_IN_SILENCE))
    jobs.wait("long", "jsonpath={.status.trials.running}=2")
    parents = {"type": "IdenticalDataAndAlgorithm", "from": ["long"]}
    jobs.apply(tuning_job("waiting", REPORTS_X, warmStart=parents))
    jobs.wait("waiting", "jsonpath={.status.reason}=ParentNotFinished")
    patch = ("patch", "tuningjob", "long", "--type=merge", "-o", "json", "--patch")
    edited = json.loads(jobs.kubectl(*patch, '{"spec": {"suspend": true}}'))
    jobs.wait("long", "condition=Suspended")
    suspended = first(versions(file, "long"), lambda body: holds(body, "Suspended"))
    jobs.patch("long", '{"spec": {"stop": true}}')
    jobs.finish("long")
    stopped = first(versions(file, "long"), lambda body: holds(body, "Complete"))
    return {
        "edited": edited,
        "suspended": suspended,
        "stopped": stopped,
        "waiting": first(versions(file, "waiting"), lambda body: holds(body, "Reconciling")),
    }


def bad_ends(jobs: Jobs, file: Path) -> Mapping[str, Body]:
    """Fail, and be refused."""
    jobs.apply(
        tuning_job("failed", FAILS, limits={"maxInitialFailures": 1, "maxParallelTrials": 1}),
        tuning_job("refused", REPORTS_X, limits={"maxGpuHours": 1}),
    )
    jobs.wait("refused", "condition=Stalled")
    jobs.finish("failed")
    return {
        "failed": first(versions(file, "failed"), lambda body: holds(body, "Failed")),
        "refused": first(versions(file, "refused"), lambda body: holds(body, "Stalled")),
    }


def test_the_recorded_statuses_are_those_of_a_cluster(
    jobs: Jobs, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with watched(jobs, tmp_path / "watch.json") as file:
        found = {
            "degraded": obstructed(jobs, file),
            **short_life(jobs, file),
            **long_life(jobs, file),
            **bad_ends(jobs, file),
        }
    got = {name: comparable(body, jobs.namespace) for name, body in found.items()}
    if request.config.getoption("--refresh-golden"):
        for name, body in got.items():
            (RECORDED / f"{name}.yaml").write_text(yaml.safe_dump(body, width=100), "utf-8")
    want: dict[str, Any] = {
        path.stem: yaml.safe_load(path.read_text("utf-8")) for path in RECORDED.glob("*.yaml")
    }
    assert got == want, "look at the difference; --refresh-golden"
