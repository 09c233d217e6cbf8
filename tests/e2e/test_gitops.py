"""A TuningJob as a GitOps tool keeps it: nothing drifts, nothing of the tool's spreads."""

import json
import os

import pytest

from tests.cluster.deploy import with_images
from tests.conftest import ROOT
from tests.e2e.gitops_tool import Tool
from tests.e2e.tuning_jobs import REPORTS_X, Jobs, tuning_job
from tests.gitops import kstatus

pytestmark = pytest.mark.cluster

EXAMPLE = ROOT / "manifests" / "gitops" / "example"
TRACKING = {
    "argocd.argoproj.io/tracking-id": "tuning:kubetune.dev/TuningJob:a/b",
    "kustomize.toolkit.fluxcd.io/ssa": "Merge",
}
OWNED = {"app.kubernetes.io/instance": "tuning", "kustomize.toolkit.fluxcd.io/name": "tuning"}


def test_a_job_that_a_gitops_tool_keeps_never_drifts_and_hands_its_result_over(jobs: Jobs) -> None:
    manifest = tuning_job("kept", REPORTS_X, bestParametersConfigMap="kept-best")
    manifest["metadata"] |= {"labels": OWNED, "annotations": TRACKING}
    tool = Tool(jobs, manifest)
    tool.apply()
    assert tool.drift() == "", "after defaulting"
    jobs.finish("kept")
    assert tool.drift() == "", "after the end"
    ended = jobs.cluster.get("-n", jobs.namespace, "tuningjob", "kept")
    assert kstatus.read(ended) == "Current"

    restart = ("-n", "kubetune-system", "rollout")
    jobs.cluster.kubectl(*restart, "restart", "deployment/kubetune")
    jobs.cluster.kubectl(*restart, "status", "deployment/kubetune", "--timeout=120s")
    tool.apply()
    after = jobs.cluster.get("-n", jobs.namespace, "tuningjob", "kept")
    assert tool.drift() == "", "after another operator took over"
    assert after["metadata"]["generation"] == ended["metadata"]["generation"]
    assert after["status"] == ended["status"]

    result = jobs.cluster.get("-n", jobs.namespace, "configmap", "kept-best")
    best = ended["status"]["best"]
    assert json.loads(result["data"]["parameters.json"]) == best["parameters"]
    assert json.loads(result["data"]["x"]) == best["parameters"]["x"]
    assert result["metadata"]["ownerReferences"][0]["uid"] == ended["metadata"]["uid"]
    children = [*jobs.trials("kept"), *jobs.jobs("kept"), *jobs.pods("kept"), result]
    assert len(children) >= 5
    for child in children:
        metadata = child["metadata"]
        assert not {*OWNED} & {*metadata.get("labels", {})}
        assert not {*TRACKING} & {*metadata.get("annotations", {})}


def test_the_example_folder_tunes_within_its_quota(jobs: Jobs) -> None:
    files = ("quota.yaml", "tuningjob.yaml")
    texts = [with_images((EXAMPLE / name).read_text("utf-8"), os.environ) for name in files]
    jobs.kubectl("apply", "-f", "-", stdin="\n---\n".join(texts))
    status = jobs.finish("digits", seconds=240)
    assert status["phase"] == "Complete"
    result = jobs.cluster.get("-n", jobs.namespace, "configmap", "digits-best")
    assert json.loads(result["data"]["parameters.json"]) == status["best"]["parameters"]
    quota = jobs.cluster.get("-n", jobs.namespace, "resourcequota", "tuning")
    assert quota["status"]["hard"]["requests.nvidia.com/gpu"] == "4"
