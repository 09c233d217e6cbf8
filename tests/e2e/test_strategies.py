"""Each strategy on the cluster, its operator killed on the way: every decision can be made anew."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.deploy import with_images
from tests.conftest import ROOT, TestCluster
from tests.e2e.local_operator import LocalOperator, deployment_away, operator_kubeconfig
from tests.e2e.tuning_jobs import Jobs

pytestmark = pytest.mark.cluster

SAMPLES = ROOT / "manifests" / "samples"


@pytest.fixture
def operator(kubetune: TestCluster, tmp_path: Path) -> Iterator[LocalOperator]:
    """An operator of our own in place of the Deployment's."""
    with deployment_away(kubetune):
        operator = LocalOperator(operator_kubeconfig(kubetune, tmp_path), tmp_path / "log")
        yield operator
        operator.kill()
        print(operator.log[-5000:])


def tune(jobs: Jobs, operator: LocalOperator, sample: str) -> dict[str, Any]:
    """Run a sample to its end, kill the operator in the middle of it, and return its status."""
    text = with_images((SAMPLES / f"{sample}.yaml").read_text("utf-8"), os.environ)
    operator.start()
    jobs.kubectl("apply", "-f", "-", stdin=text)
    # Two have ended, others run: decisions lie behind and ahead.
    jobs.wait_for_trial(f"{sample}-2", "{.status.state}=Running", seconds=120)
    operator.kill()
    operator.start()
    status = jobs.finish(sample, seconds=300)
    operator.kill()
    return status


def replay(jobs: Jobs, name: str) -> dict[str, Any]:
    """Return what `kubetune replay` says of a finished job; it has to follow from its history."""
    access = ("--kubeconfig", jobs.cluster.kubeconfig, "--context", jobs.cluster.context)
    command = [sys.executable, "-m", "kubetune.cli", "replay", name, "-n", jobs.namespace]
    done = subprocess.run(
        [*command, *access, "-o", "json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("sample", ["random", "hyperband", "median-stopping"])
def test_a_killed_operator_changes_no_decision(
    sample: str, operator: LocalOperator, jobs: Jobs
) -> None:
    assert tune(jobs, operator, sample)["phase"] == "Complete"
    replay(jobs, sample)


def test_a_bayesian_job_and_one_that_begins_with_its_results(
    operator: LocalOperator, jobs: Jobs
) -> None:
    status = tune(jobs, operator, "bayesian")
    assert status["phase"] == "Complete"
    replay(jobs, "bayesian")
    status = tune(jobs, operator, "warm-start")
    assert status["phase"] == "Complete"
    replay(jobs, "warm-start")
