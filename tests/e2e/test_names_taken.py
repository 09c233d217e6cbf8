"""Objects that are not ours are left alone, and whoever is in the way is named."""

from typing import Any

import pytest

from tests.e2e.tuning_jobs import REPORTS_X, RESTRICTED, TRAINER, Jobs, states, tuning_job
from tests.e2e.volumes import claim

pytestmark = pytest.mark.cluster


def somebodys_job(name: str) -> dict[str, Any]:
    container = {
        "name": "main",
        "image": TRAINER,
        "imagePullPolicy": "IfNotPresent",
        "command": ["true"],
        "securityContext": RESTRICTED,
    }
    pod = {"containers": [container], "restartPolicy": "Never"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"suspend": True, "template": {"spec": pod}},
    }


def test_somebodys_job_in_the_way_is_left_alone_and_the_trial_waits_for_it(jobs: Jobs) -> None:
    jobs.apply(somebodys_job("taken-0"))
    jobs.apply(tuning_job("taken", REPORTS_X))
    jobs.wait_for_trial("taken-0", "{.status.reason}=JobRefused")
    message = jobs.trial("taken-0")["status"]["message"]
    assert "a Job named taken-0 exists" in message
    assert "is not ours" in message
    jobs.kubectl("delete", "job", "taken-0")
    assert jobs.finish("taken")["reason"] == "MaxTrialsReached"
    assert states(jobs.trials("taken")) == ["Succeeded", "Succeeded"]


def test_somebodys_trial_in_the_way_is_left_alone_and_the_job_says_so(jobs: Jobs) -> None:
    theirs = {
        "apiVersion": "kubetune.dev/v1alpha1",
        "kind": "Trial",
        "metadata": {"name": "held-0"},
        "spec": {"tuningJob": "another", "index": 0, "parameters": {"x": 0.5}},
    }
    jobs.apply(theirs)
    jobs.apply(tuning_job("held", REPORTS_X))
    jobs.wait("held", "condition=Degraded")
    conditions = {c["type"]: c for c in jobs.status("held")["conditions"]}
    assert "a Trial named held-0 exists" in conditions["Degraded"]["message"]
    jobs.kubectl("delete", "trial", "held-0")
    assert jobs.finish("held")["reason"] == "MaxTrialsReached"


def test_somebodys_config_map_keeps_its_data_and_the_job_ends_all_the_same(jobs: Jobs) -> None:
    jobs.kubectl("create", "configmap", "winner", "--from-literal=x=theirs")
    jobs.apply(tuning_job("mine", REPORTS_X, bestParametersConfigMap="winner"))
    assert jobs.finish("mine")["reason"] == "MaxTrialsReached"
    held = jobs.cluster.get("-n", jobs.namespace, "configmap", "winner")
    assert held["data"] == {"x": "theirs"}
    told = {event["reason"] for event in jobs.events("TuningJob", "mine")}
    assert "BestParametersNotWritten" in told


def test_somebodys_claim_is_named_before_any_trial_starts(jobs: Jobs) -> None:
    jobs.apply(claim("kept-checkpoints"))
    template = {"spec": claim("any")["spec"]}
    jobs.apply(tuning_job("kept", REPORTS_X, checkpoint={"volumeClaimTemplate": template}))
    jobs.wait("kept", "jsonpath={.status.reason}=ClaimNameTaken")
    status = jobs.status("kept")
    assert "kept-checkpoints exists and is not this job's" in status["message"]
    assert jobs.trials("kept") == []
