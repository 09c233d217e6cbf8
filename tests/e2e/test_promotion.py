"""Trials that pause at rungs: on a real volume, a promoted one really goes on where it was."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.deploy import with_images
from tests.conftest import TestCluster
from tests.e2e.tuning_jobs import Jobs, states, tuning_job
from tests.e2e.volumes import claim, volume_for

pytestmark = pytest.mark.cluster

SAMPLE = Path(__file__).resolve().parents[2] / "manifests/samples/hyperband-synchronous.yaml"
NAME = "hyperband-synchronous"


def test_synchronous_brackets_go_on_from_their_checkpoints_though_the_operator_dies(
    kubetune: TestCluster, jobs: Jobs
) -> None:
    with volume_for(jobs, f"{NAME}-checkpoints"):
        jobs.kubectl("apply", "-f", "-", stdin=with_images(SAMPLE.read_text("utf-8"), os.environ))
        jobs.wait_for_trial(f"{NAME}-0", "{.status.state}=Paused")
        kubetune.kubectl(
            *("-n", "kubetune-system", "delete", "pod", "--grace-period=0", "--force"),
            *("-l", "app.kubernetes.io/name=kubetune"),
        )
        status = jobs.finish(NAME, seconds=240)
        trials = jobs.trials(NAME)
        assert status["reason"] == "MaxTrialsReached"
        assert set(states(trials)) == {"Succeeded", "EarlyStopped"}
        # The table of R = 9 and η = 3: 9, 3 and 1 trials; 3 and 1; 3.
        granted = sorted((trial["spec"]["bracket"], granted_to(trial)) for trial in trials)
        assert granted == [
            *[(0, 1)] * 6,
            *[(0, 3)] * 2,
            (0, 9),
            *[(1, 3)] * 2,
            (1, 9),
            *[(2, 9)] * 3,
        ]
        assert status["stepsUsed"] == sum(steps for _, steps in granted)

        promoted = [trial for trial in trials if len(trial["status"].get("rungs", [])) > 1]
        assert promoted
        for trial in promoted:
            rungs = trial["status"]["rungs"]
            assert rungs[0]["promotion"]["rule"].startswith("successive-halving/")
            steps = [seen["step"] for seen in trial["status"]["observations"]]
            assert steps[0] == 1 + last_promotion(rungs), "an epoch was trained twice"
        (whole,) = [t for t in promoted if t["status"]["state"] == "Succeeded"][:1]
        log = jobs.kubectl("logs", f"job/{whole['metadata']['name']}", "-c", "train")
        assert log.startswith(f"resumed from epoch {whole['status']['rungs'][-1]['step']}\n"), log
        told = [event["reason"] for event in jobs.events("TuningJob", NAME)]
        assert "TrialPromoted" in told

        jobs.kubectl("delete", "tuningjob", NAME, "--timeout=60s")
        jobs.kubectl("wait", "pvc", f"{NAME}-checkpoints", "--for=delete", "--timeout=60s")


def granted_to(trial: dict[str, Any]) -> int:
    granted: int = trial["status"].get("resource", trial["spec"]["resource"])
    return granted


def last_promotion(rungs: list[dict[str, Any]]) -> int:
    return max(int(rung["step"]) for rung in rungs if "promotion" in rung)


def test_a_paused_trial_outlives_a_suspension_and_a_claim_serves_a_job(jobs: Jobs) -> None:
    code = (
        "import os, pathlib, time\n"
        "state = pathlib.Path(os.environ['KUBETUNE_CHECKPOINT_DIR'], 'epoch')\n"
        "done = int(state.read_text()) if state.exists() else 0\n"
        "for epoch in range(done + 1, $(trial.resource) + 1):\n"
        "    time.sleep(0.3)\n"
        "    state.write_text(str(epoch))\n"
        "    print(f'epoch={epoch} score={$(params.x) * epoch}', flush=True)\n"
    )
    settings = {"mode": "Promotion", "maxResource": 4, "reductionFactor": 2, "brackets": 1}
    with volume_for(jobs, "models"):
        jobs.apply(claim("models"))
        jobs.apply(
            tuning_job(
                "promoted",
                code,
                strategy={"type": "Hyperband", "seed": 5, "hyperband": settings},
                limits={"maxTrials": 4, "maxParallelTrials": 2},
                checkpoint={"persistentVolumeClaim": {"claimName": "models"}},
            )
        )
        jobs.wait_for_trial("promoted-0", "{.status.state}=Paused")
        jobs.patch("promoted", '{"spec":{"suspend":true}}')
        jobs.wait("promoted", "condition=Suspended")
        jobs.kubectl("wait", "job", "-l", "kubetune.dev/tuning-job=promoted", "--for=delete")
        assert "Running" not in states(jobs.trials("promoted"))
        jobs.patch("promoted", '{"spec":{"suspend":false}}')
        status = jobs.finish("promoted", seconds=120)
        trials = jobs.trials("promoted")
        assert set(states(trials)) == {"Succeeded", "EarlyStopped"}
        assert status["best"]["resource"] == 4
