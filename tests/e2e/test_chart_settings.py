"""Values of the chart whose effect only a real cluster shows."""

import subprocess
from typing import Any

import pytest

from tests.cluster.deploy import kubectl_command
from tests.conftest import TestCluster
from tests.e2e.releases import Release
from tests.e2e.tuning_jobs import REPORTS_X, Jobs, states, trains, tuning_job

pytestmark = [pytest.mark.cluster, pytest.mark.tools]

LIMITS = {"cpu": "500m", "memory": "128Mi"}
QUOTA = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "team"},
    "spec": {"hard": {"limits.cpu": "4", "limits.memory": "4Gi", "requests.cpu": "2"}},
}


@pytest.fixture
def jobs(crds: TestCluster, namespace: str) -> Jobs:
    """A namespace to tune in, without the plain manifests' operator."""
    return Jobs(crds, namespace)


def limits_of_collectors(jobs: Jobs, name: str) -> list[dict[str, Any]]:
    return [
        container["resources"]["limits"]
        for pod in jobs.pods(name)
        for container in pod["spec"]["initContainers"]
    ]


def test_a_quota_on_cpu_limits_asks_for_one_of_the_collector_and_the_chart_gives_it(
    release: Release, jobs: Jobs
) -> None:
    release.install()
    jobs.apply(QUOTA)
    counted = r"--for=jsonpath={.status.hard.limits\.cpu}=4"
    jobs.kubectl("wait", "resourcequota/team", counted, "--timeout=30s")
    jobs.apply(tuning_job("bound", REPORTS_X, container={"resources": {"limits": LIMITS}}))
    jobs.wait("bound", "condition=Accepted=False")
    status = jobs.status("bound")
    assert status["reason"] == "TemplateForbidden"
    assert "must specify limits.cpu for: kubetune-collector" in status["message"]
    assert jobs.trials("bound") == []

    release.install("--set", "collector.resources.limits.cpu=100m", command="upgrade")
    assert jobs.finish("bound")["reason"] == "MaxTrialsReached"
    assert states(jobs.trials("bound")) == ["Succeeded", "Succeeded"]
    assert limits_of_collectors(jobs, "bound") == [{"cpu": "100m", "memory": "32Mi"}] * 2


def await_news(jobs: Jobs, name: str) -> None:
    """Wait until a trial reports a later step than the one that it has reported."""
    step = r"jsonpath={.status.observations[-1:].step}{'\n'}"
    words = ("-n", jobs.namespace, "get", "trial", name, "--watch", "--request-timeout=60s")
    command = kubectl_command(jobs.cluster.target, *words, "-o", step)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watch:
        assert watch.stdout is not None
        try:
            reported = int(watch.stdout.readline())
            assert any(int(line) > reported for line in watch.stdout), "no news within a minute"
        finally:
            watch.terminate()


def test_trials_may_still_report_after_an_upgrade_from_all_namespaces_to_theirs_and_back(
    release: Release, jobs: Jobs
) -> None:
    release.install()
    jobs.apply(tuning_job("long", trains(10_000)))
    for name in ("long-0", "long-1"):
        jobs.wait_for_trial(name, "{.status.observations[0].step}=1")
    training = {pod["metadata"]["uid"] for pod in jobs.pods("long")}

    release.install("--set", f"watchNamespaces={{{jobs.namespace}}}", command="upgrade")
    jobs.kubectl("wait", "rolebinding/kubetune-collector-local", "--for=create", "--timeout=30s")
    await_news(jobs, "long-0")
    jobs.kubectl("delete", "rolebinding", "kubetune-collector")
    release.install(command="upgrade")
    jobs.kubectl("wait", "rolebinding/kubetune-collector", "--for=create", "--timeout=30s")
    await_news(jobs, "long-0")

    assert {pod["metadata"]["uid"] for pod in jobs.pods("long")} == training
    jobs.patch("long", '{"spec": {"stop": true}}')
    assert jobs.finish("long")["reason"] == "StoppedByUser"
