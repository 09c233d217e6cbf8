"""What the operator shows of itself: health, readiness, metrics; and annotations held to a pod."""

from pathlib import Path

import pytest

from kubetune.kube.paths import PODS
from tests.conftest import TestCluster
from tests.e2e.test_rights import Holder
from tests.e2e.tuning_jobs import REPORTS_X, Jobs, tuning_job

pytestmark = pytest.mark.cluster


def ask(cluster: TestCluster, path: str) -> str:
    """Return what the leading operator's pod serves at a path."""
    pods = cluster.get(
        *("-n", "kubetune-system", "pods", "-l", "app.kubernetes.io/name=kubetune"),
        "--field-selector=status.phase=Running",
    )
    name = max(pods, key=lambda pod: pod["metadata"]["creationTimestamp"])["metadata"]["name"]
    proxy = f"/api/v1/namespaces/kubetune-system/pods/{name}:8080/proxy{path}"
    return cluster.kubectl("get", "--raw", proxy).stdout


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_the_operator_says_that_it_is_well(path: str, kubetune: TestCluster) -> None:
    assert ask(kubetune, path).strip() == "ok"


def test_the_metrics_count_what_was_done_and_name_no_object(jobs: Jobs) -> None:
    jobs.apply(tuning_job("unnamed-job", REPORTS_X))
    jobs.finish("unnamed-job")
    metrics = ask(jobs.cluster, "/metrics")
    assert 'kubetune_trials_total{state="Succeeded"}' in metrics
    assert 'kubetune_decisions_total{kind="end",reason="MaxTrialsReached"}' in metrics
    assert 'kubetune_api_requests_total{code="201",resource="jobs",verb="create"}' in metrics
    assert "kubetune_is_leader 1.0" in metrics
    assert 'kubetune_tuning_jobs{phase="Complete"}' in metrics
    assert 'kubetune_suggestion_seconds_count{strategy="' in metrics
    lags = [line for line in metrics.splitlines() if "observation_lag_seconds_count" in line]
    assert float(lags[0].split()[-1]) > 0
    assert "unnamed-job" not in metrics
    assert jobs.namespace not in metrics


def test_the_end_of_a_job_is_told_as_an_event(jobs: Jobs) -> None:
    jobs.apply(tuning_job("told", REPORTS_X))
    jobs.finish("told")
    jobs.kubectl(
        *("wait", "events.events.k8s.io", "--all", "--for=jsonpath={.regarding.name}"),
        "--timeout=20s",
    )
    reasons = [event["reason"] for event in jobs.events("TuningJob", "told")]
    assert {"Accepted", "MaxTrialsReached"} <= set(reasons)
    trial = [event["reason"] for event in jobs.events("Trial", "told-0")]
    assert {"Launched", "Training", "Completed"} <= set(trial)
    assert len(trial) == len(set(trial)), "an event is told once"


async def test_training_code_annotates_its_own_pod_and_no_other(jobs: Jobs, tmp_path: Path) -> None:
    code = "import time\ntime.sleep(600)"
    jobs.apply(tuning_job("noted", code, metrics={"source": "Annotation"}))
    for name in ("noted-0", "noted-1"):
        jobs.wait_for_trial(name, "{.status.state}=Running")
    pods = {p["metadata"]["labels"]["kubetune.dev/trial"]: p for p in jobs.pods("noted")}
    own, other = (pods[name]["metadata"] for name in ("noted-0", "noted-1"))
    bound = (
        "--bound-object-kind=Pod",
        f"--bound-object-name={own['name']}",
        f"--bound-object-uid={own['uid']}",
    )
    token = jobs.kubectl("create", "token", "kubetune-annotator", *bound).strip()
    holder = Holder(jobs, token, tmp_path)
    report: dict[str, object] = {
        "metadata": {"annotations": {"kubetune.dev/metrics": '{"step":1,"score":0.5}'}}
    }
    path = PODS.path(jobs.namespace, own["name"])
    assert await holder.try_to("PATCH", path, report) == ""
    jobs.wait_for_trial("noted-0", "{.status.observations[0].metrics.score}=0.5")
    attempts: dict[str, tuple[str, dict[str, object]]] = {
        "may annotate its own pod only": (other["name"], report),
        "kubetune.dev/ annotations": (own["name"], {"metadata": {"annotations": {"a/b": "c"}}}),
        "annotations only": (own["name"], {"metadata": {"labels": {"a": "b"}}}),
        "pod's spec": (own["name"], {"spec": {"activeDeadlineSeconds": 1}}),
    }
    for want, (name, body) in attempts.items():
        said = await holder.try_to("PATCH", PODS.path(jobs.namespace, name), body)
        assert want in said
