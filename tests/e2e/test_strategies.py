"""Each strategy on the cluster, its operator killed on the way: every decision can be made anew."""

import json
import os
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from tests.cluster.deploy import with_images
from tests.conftest import ROOT
from tests.e2e.local_operator import LocalOperator
from tests.e2e.tuning_jobs import Jobs, states, trains, tuning_job
from tests.e2e.volumes import claim, volume_for

pytestmark = pytest.mark.cluster

SAMPLES = ROOT / "manifests" / "samples"


def tune(jobs: Jobs, operator: LocalOperator, sample: str) -> dict[str, Any]:
    """Run a sample to its end, kill the operator in the middle of it, and return its status."""
    text = with_images((SAMPLES / f"{sample}.yaml").read_text("utf-8"), os.environ)
    return tune_manifest(jobs, operator, sample, text)


def tune_manifest(jobs: Jobs, operator: LocalOperator, name: str, text: str) -> dict[str, Any]:
    """Do the same with a manifest."""
    operator.start()
    jobs.kubectl("apply", "-f", "-", stdin=text)
    # Some have ended, others run: decisions lie behind and ahead.
    jobs.kubectl("wait", f"trial/{name}-5", "--for=create", "--timeout=120s")
    operator.kill()
    operator.start()
    status = jobs.finish(name, seconds=300)
    operator.kill()
    return status


def check_replay(jobs: Jobs, name: str) -> Counter[str]:
    """Let `kubetune replay` prove a finished job, all of it; return how many decisions per kind."""
    access = ("--kubeconfig", jobs.cluster.kubeconfig, "--context", jobs.cluster.context)
    command = [sys.executable, "-m", "kubetune.cli", "replay", name, "-n", jobs.namespace]
    done = subprocess.run(
        [*command, *access, "-o", "json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    decisions = json.loads(done.stdout)["decisions"]
    assert [each for each in decisions if each["verdict"] != "Follows"] == []
    trials = jobs.trials(name)
    kinds = Counter(each["kind"] for each in decisions)
    assert (kinds["Suggestion"], kinds["End"], kinds["Best"]) == (len(trials), 1, 1)
    assert kinds["EarlyStop"] == states(trials).count("EarlyStopped")
    for trial in trials:
        status = trial["status"]
        promotions = sum("promotion" in rung for rung in status.get("rungs", []))
        # The end of the job may stop a trial that has just been launched, or just been promoted.
        waited = status["state"] == "Stopped" and "startTime" not in status
        assert status["attempts"] == promotions + (0 if waited else 1), "a trial ran twice"
    return kinds


@pytest.mark.parametrize("sample", ["random", "hyperband", "median-stopping"])
def test_a_killed_operator_changes_no_decision(
    sample: str, operator: LocalOperator, jobs: Jobs
) -> None:
    status = tune(jobs, operator, sample)
    assert (status["phase"], status["reason"]) == ("Complete", "MaxTrialsReached")
    assert len(jobs.trials(sample)) == status["plan"]["trials"]
    check_replay(jobs, sample)


@pytest.mark.parametrize(
    ("sample", "claimed"),
    [
        pytest.param(
            "hyperband-synchronous", "hyperband-synchronous-checkpoints", id="synchronous"
        ),
        pytest.param("hyperband-promotion", "checkpoints", id="promotion"),
    ],
)
def test_a_killed_operator_changes_no_promotion(
    sample: str, claimed: str, operator: LocalOperator, jobs: Jobs
) -> None:
    with volume_for(jobs, claimed):
        if sample == "hyperband-promotion":
            jobs.apply(claim(claimed))
        status = tune(jobs, operator, sample)
        assert (status["phase"], status["reason"]) == ("Complete", "MaxTrialsReached")
        assert len(jobs.trials(sample)) == status["plan"]["trials"]
        kinds = check_replay(jobs, sample)
        assert min(kinds["Pause"], kinds["Promotion"], kinds["EarlyStop"]) > 0
        trained = [t for t in jobs.trials(sample) if len(t["status"].get("rungs", [])) > 0]
        whole = next(t["status"] for t in trained if t["status"]["state"] == "Succeeded")
        first = whole["observations"][0]["step"]
        assert first == 1 + whole["rungs"][-1]["step"], "an epoch was trained twice"
        jobs.kubectl("delete", "tuningjob", sample, "--timeout=60s")
        jobs.kubectl("delete", "pvc", claimed, "--ignore-not-found", "--timeout=60s")


def test_a_bayesian_job_and_one_that_begins_with_its_results(
    operator: LocalOperator, jobs: Jobs
) -> None:
    for sample in ("bayesian", "warm-start"):
        status = tune(jobs, operator, sample)
        assert status["phase"] == "Complete"
        check_replay(jobs, sample)


def test_a_job_whose_search_converges_ends_by_that_though_its_operator_was_killed(
    operator: LocalOperator, jobs: Jobs
) -> None:
    # Whichever trials end first, a parabola is known after some 18 of them.
    job = tuning_job(
        "convergence",
        "print(f'score={-($(params.x) - 0.3) ** 2}', flush=True)",
        strategy={"type": "Bayesian", "seed": 7},
        limits={"maxTrials": 40, "maxParallelTrials": 2},
        completion={"convergence": True},
    )
    status = tune_manifest(jobs, operator, "convergence", json.dumps(job))
    assert (status["phase"], status["reason"]) == ("Complete", "Converged")
    evidence, found = status["evidence"], status["convergence"]
    assert evidence["rule"] == found["rule"]
    assert (evidence["value"], evidence["threshold"]) == (found["regret"], found["threshold"])
    assert found["regret"] <= found["threshold"]
    assert found["trial"] in {trial["metadata"]["name"] for trial in jobs.trials("convergence")}
    assert len(jobs.trials("convergence")) < status["plan"]["trials"]
    assert "Converged" in {event["reason"] for event in jobs.events("TuningJob", "convergence")}
    check_replay(jobs, "convergence")


def test_a_job_ends_when_its_trials_have_used_their_gpu_hours(
    operator: LocalOperator, jobs: Jobs
) -> None:
    operator.start()
    seconds = 12
    job = tuning_job(
        "budget",
        trains(10, seconds=0.3),
        limits={"maxTrials": 50, "maxParallelTrials": 2, "maxGpuHours": seconds / 3600},
        container={"resources": {"limits": {"nvidia.com/gpu": 1}}},
    )
    jobs.apply(job)
    jobs.wait_for_trial("budget-2", "{.status.state}=Running")
    operator.kill()
    operator.start()
    status = jobs.finish("budget", seconds=120)
    operator.kill()
    assert (status["phase"], status["reason"]) == ("Complete", "MaxGpuHoursReached")
    trials = jobs.trials("budget")
    used = sum(trial["status"].get("gpuSeconds", 0) for trial in trials)
    assert status["gpuHours"]["used"] == pytest.approx(used / 3600, abs=1e-4)
    # It ends within a look of the moment; seconds are rounded up, for each trial once.
    assert seconds <= used <= seconds + 2 * 5 + len(trials)
    assert status["evidence"]["measure"] == "gpuHours"
    assert status["evidence"]["value"] >= seconds / 3600
    assert "Running" not in states(trials)
    check_replay(jobs, "budget")
