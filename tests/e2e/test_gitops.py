"""A TuningJob as a GitOps tool keeps it: nothing drifts, nothing of the tool's spreads."""

import json
import os

import pytest

from tests.cluster.deploy import with_images
from tests.conftest import ROOT, TestCluster
from tests.e2e.gitops_tool import Tool
from tests.e2e.tuning_jobs import REPORTS_X, Jobs, trains, tuning_job
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


def test_two_controllers_take_turns_and_what_one_prunes_begins_anew(jobs: Jobs) -> None:
    manifest = tuning_job("shared", trains(10_000))
    argo = Tool(jobs, manifest, manager="argocd-controller")
    flux = Tool(jobs, manifest, manager="kustomize-controller")
    argo.apply()
    for name in ("shared-0", "shared-1"):
        jobs.wait_for_trial(name, "{.status.state}=Running")
    before = jobs.cluster.get("-n", jobs.namespace, "tuningjob", "shared")["metadata"]
    training = {pod["metadata"]["uid"] for pod in jobs.pods("shared")}
    flux.apply()
    argo.apply()
    assert argo.drift() + flux.drift() == ""
    after = jobs.cluster.get("-n", jobs.namespace, "tuningjob", "shared")["metadata"]
    assert after["generation"] == before["generation"]
    assert {pod["metadata"]["uid"] for pod in jobs.pods("shared")} == training

    argo.prune()
    gone = ("--for=delete", "--timeout=60s", "-l", "kubetune.dev/tuning-job=shared")
    for kind in ("trials", "jobs", "pods"):
        jobs.kubectl("wait", kind, *gone, check=False)
    assert jobs.trials("shared") + jobs.jobs("shared") + jobs.pods("shared") == []
    flux.apply()
    for name in ("shared-0", "shared-1"):
        jobs.wait_for_trial(name, "{.status.state}=Running")
    again = jobs.cluster.get("-n", jobs.namespace, "tuningjob", "shared")
    assert again["metadata"]["uid"] != before["uid"]
    assert [trial["status"]["attempts"] for trial in jobs.trials("shared")] == [1, 1]
    assert flux.drift() == ""


@pytest.mark.parametrize("manager", ["argocd-controller", "kustomize-controller", ""])
def test_the_installation_itself_shows_no_drift(manager: str, kubetune: TestCluster) -> None:
    built = kubetune.kubectl("kustomize", str(ROOT / "manifests")).stdout
    text = with_images(built, os.environ)
    server_side = ("--server-side", f"--field-manager={manager}", "--force-conflicts")
    options = server_side if manager else ()
    said = kubetune.kubectl("diff", *options, "-f", "-", stdin=text, check=False)
    assert said.stdout + said.stderr == ""


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
