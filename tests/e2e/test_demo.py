"""`make demo` does what it shows: the program behind it, on the cluster that is up."""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.cluster.target import gpu_resource
from tests.conftest import ROOT, TestCluster

pytestmark = pytest.mark.cluster

NAMESPACE = "kubetune-demo"
PATIENCE = 400


@pytest.fixture(scope="module")
def told(kubetune: TestCluster) -> Iterator[str]:
    """What the demo printed until its end."""
    done = subprocess.run(
        [sys.executable, "-m", "demo"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'operator'}"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    yield done.stdout
    kubetune.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def test_the_demo_tunes_a_model_stops_losing_trials_and_names_the_best(
    told: str, kubetune: TestCluster
) -> None:
    (job,) = kubetune.get("-n", NAMESPACE, "tuningjobs")
    status = job["status"]
    assert (status["phase"], status["progress"]) == ("Complete", "20/20")
    trials = {t["metadata"]["name"]: t for t in kubetune.get("-n", NAMESPACE, "trials")}
    stopped = {n for n, t in trials.items() if t["status"]["state"] == "EarlyStopped"}
    assert len(trials) == 20
    assert len(stopped) >= 5
    jobs = {j["metadata"]["name"]: j for j in kubetune.get("-n", NAMESPACE, "jobs")}
    assert jobs.keys() == trials.keys() - stopped, "the Job of a stopped trial is left"
    for each in jobs.values():
        (container,) = each["spec"]["template"]["spec"]["containers"]
        assert container["resources"]["limits"][gpu_resource(os.environ)] == "1"
    assert f"Best        {status['best']['trial']}: val_accuracy" in told
    for step in ("1/4", "2/4", "3/4", "4/4"):
        assert f"\n{step}  " in f"\n{told}"


def test_the_commands_that_the_demo_ends_with_work(told: str, kubetune: TestCluster) -> None:
    proposed = [line.strip() for line in told.splitlines() if line.startswith("  k ")]
    assert len(proposed) >= 4
    for command in proposed:
        _, *words = shlex.split(command)
        assert kubetune.kubectl("-n", NAMESPACE, *words).stdout.strip(), command
