"""The chart on a real cluster: install, test, upgrade, roll back, uninstall, install again."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from release.build import build_chart
from tests.cluster.target import IMAGES, image_of
from tests.conftest import Helm, TestCluster
from tests.e2e.gitops_tool import Tool
from tests.e2e.releases import CHART, Release, image_values, release_in_a_new_namespace
from tests.e2e.tuning_jobs import REPORTS_X, Jobs, states, trains, tuning_job

pytestmark = [pytest.mark.cluster, pytest.mark.tools]

FIELD = "bestParametersConfigMap"


@pytest.fixture
def second_release(release: Release, helm: Helm) -> Iterator[Release]:
    """Another release of the same name, in another namespace."""
    with release_in_a_new_namespace(helm, release.cluster) as found:
        yield found


@pytest.fixture
def older_chart(tmp_path: Path) -> str:
    """The chart as it was before TuningJobs knew spec.bestParametersConfigMap."""
    chart = tmp_path / "kubetune"
    shutil.copytree(CHART, chart)
    about = yaml.safe_load((chart / "Chart.yaml").read_text("utf-8"))
    about |= {"version": "0.0.1", "appVersion": "0.0.1"}
    (chart / "Chart.yaml").write_text(yaml.safe_dump(about), "utf-8")
    path = chart / "files" / "crds" / "kubetune.dev_tuningjobs.yaml"
    crd = yaml.safe_load(path.read_text("utf-8"))
    (version,) = crd["spec"]["versions"]
    del version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"][FIELD]
    path.write_text(yaml.safe_dump(crd), "utf-8")
    return str(chart)


@pytest.fixture
def archive(tmp_path: Path, helm_program: str) -> str:
    """The chart as a release packs it."""
    return str(build_chart(tmp_path, registry="", helm=helm_program))


@pytest.fixture
def jobs(crds: TestCluster, namespace: str) -> Jobs:
    """A namespace to tune in, without the plain manifests' operator."""
    return Jobs(crds, namespace)


def test_a_release_lives_through_upgrade_rollback_uninstall_and_a_second_install(
    release: Release, jobs: Jobs, archive: str
) -> None:
    notes = release.install(chart=archive)
    assert "kubetune watch NAME" in notes
    (pod,) = release.operator_pods()
    assert all(status["ready"] for status in pod["status"]["containerStatuses"])
    assert "Phase:          Succeeded" in release.helm("test", "tuner", "--timeout", "60s")

    jobs.apply(tuning_job("long", trains(10_000)))
    for name in ("long-0", "long-1"):
        jobs.wait_for_trial(name, "{.status.state}=Running")
    training = {pod["metadata"]["uid"] for pod in jobs.pods("long")}

    changes = ("--set", "operator.workers=4", "--set", "crds.annotations.try=second")
    release.install(*changes, command="upgrade", chart=archive)
    crd = release.cluster.get("crd", "tuningjobs.kubetune.dev")
    assert crd["metadata"]["annotations"]["try"] == "second"
    release.helm("rollback", "tuner", "--wait", "--timeout", "120s")
    crd = release.cluster.get("crd", "tuningjobs.kubetune.dev")
    assert "try" not in crd["metadata"]["annotations"]
    assert {pod["metadata"]["uid"] for pod in jobs.pods("long")} == training

    release.helm("uninstall", "tuner", "--wait")
    assert states(jobs.trials("long")) == ["Running", "Running"]
    assert {pod["metadata"]["uid"] for pod in jobs.pods("long")} == training
    gone = release.cluster.kubectl(
        *("get", "clusterroles,validatingadmissionpolicies", "-l"),
        *("app.kubernetes.io/instance=tuner", "-o", "name"),
    )
    assert gone.stdout == ""

    release.install(chart=archive)
    jobs.patch("long", '{"spec": {"stop": true}}')
    assert jobs.finish("long")["reason"] == "StoppedByUser"
    assert [trial["status"]["attempts"] for trial in jobs.trials("long")] == [1, 1]
    assert jobs.status("long")["best"]["trial"] in ("long-0", "long-1")


def test_a_release_for_some_namespaces_works_with_roles_in_these_alone(
    release: Release, jobs: Jobs
) -> None:
    release.install("--set", f"watchNamespaces={{{jobs.namespace}}}")
    assert "Phase:          Succeeded" in release.helm("test", "tuner", "--timeout", "60s")
    jobs.apply(tuning_job("near", REPORTS_X))
    assert jobs.finish("near")["reason"] == "MaxTrialsReached"
    assert states(jobs.trials("near")) == ["Succeeded", "Succeeded"]

    elsewhere = Jobs(jobs.cluster, release.namespace)
    elsewhere.apply(tuning_job("far", REPORTS_X))
    assert elsewhere.status("far") == {"observedGeneration": -1}
    assert elsewhere.trials("far") == []
    assert release.may("create", "jobs.batch", jobs.namespace)
    for verb, resource in (("list", "tuningjobs.kubetune.dev"), ("create", "jobs.batch")):
        assert not release.may(verb, resource, release.namespace)
    roles = release.cluster.get("clusterroles", "-l", "app.kubernetes.io/instance=tuner")
    assert roles == []


def test_trials_and_manifests_live_through_another_version_of_operator_and_kinds(
    release: Release, jobs: Jobs, older_chart: str
) -> None:
    release.install(chart=older_chart)
    manifest = tuning_job("long", trains(10_000))
    tool = Tool(jobs, manifest)
    tool.apply()
    for name in ("long-0", "long-1"):
        jobs.wait_for_trial(name, "{.status.observations[0].step}=1")
    before = jobs.cluster.get("-n", jobs.namespace, "tuningjob", "long")
    training = {pod["metadata"]["uid"] for pod in jobs.pods("long")}
    modern = yaml.safe_dump(tuning_job("modern", REPORTS_X, bestParametersConfigMap="best"))
    said = jobs.kubectl("apply", "-f", "-", stdin=modern, check=False)
    assert f'unknown field "spec.{FIELD}"' in said

    release.install(command="upgrade")
    (pod,) = release.operator_pods()
    assert pod["metadata"]["labels"]["app.kubernetes.io/version"] != "0.0.1"
    assert tool.drift() == "", "after the upgrade"
    tool.apply()
    after = jobs.cluster.get("-n", jobs.namespace, "tuningjob", "long")
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    jobs.kubectl("apply", "-f", "-", stdin=modern)
    assert jobs.finish("modern")["phase"] == "Complete"
    jobs.kubectl("get", "configmap", "best")

    release.helm("rollback", "tuner", "--wait", "--timeout", "120s")
    (pod,) = release.operator_pods()
    assert pod["metadata"]["labels"]["app.kubernetes.io/version"] == "0.0.1"
    assert tool.drift() == "", "after the rollback"
    assert states(jobs.trials("long")) == ["Running", "Running"]
    assert {pod["metadata"]["uid"] for pod in jobs.pods("long")} == training
    assert [trial["status"]["attempts"] for trial in jobs.trials("long")] == [1, 1]


def test_two_releases_each_tune_in_their_own_namespace(
    release: Release, second_release: Release, jobs: Jobs
) -> None:
    other = Jobs(jobs.cluster, second_release.namespace)
    release.install("--set", f"watchNamespaces={{{jobs.namespace}}}")
    second_release.install(
        *("--set", f"watchNamespaces={{{other.namespace}}}", "--set", "crds.enabled=false")
    )
    for where in (jobs, other):
        where.apply(tuning_job("own", REPORTS_X))
    for where in (jobs, other):
        assert where.finish("own")["reason"] == "MaxTrialsReached"
        assert states(where.trials("own")) == ["Succeeded", "Succeeded"]
    assert not release.may("create", "jobs.batch", other.namespace)
    assert not second_release.may("create", "jobs.batch", jobs.namespace)

    second_release.helm("uninstall", "tuner", "--wait")
    assert jobs.cluster.get("crd", "tuningjobs.kubetune.dev")["metadata"]["name"]
    jobs.apply(tuning_job("alone", REPORTS_X))
    assert jobs.finish("alone")["phase"] == "Complete"
    assert other.status("own")["phase"] == "Complete", "results stay"


def test_an_operator_without_its_rights_is_not_taken_for_ready(
    release: Release, helm: Helm
) -> None:
    operator, collector, _ = (image_of(image, os.environ) for image in IMAGES)
    done = helm(
        *("install", "tuner", CHART, "--namespace", release.namespace, "--take-ownership"),
        *("--set", "rbac.create=false", "--wait", "--timeout", "25s"),
        *image_values("image", operator),
        *image_values("collector.image", collector),
        *("--kubeconfig", release.cluster.kubeconfig, "--kube-context", release.cluster.context),
    )
    assert done.returncode != 0
    assert "context deadline exceeded" in done.stderr
    log = release.cluster.kubectl("-n", release.namespace, "logs", "deployment/tuner-kubetune")
    assert "cannot get resource" in log.stdout + log.stderr


def test_what_helm_renders_can_be_applied_without_helm(
    release: Release, jobs: Jobs, helm: Helm
) -> None:
    kubernetes = release.cluster.kubectl("version", "-o", "json").stdout
    version = json.loads(kubernetes)["serverVersion"]["gitVersion"]
    done = helm(
        *("template", "tuner", CHART, "--namespace", release.namespace, "--no-hooks"),
        *("--kube-version", version, "--set", f"watchNamespaces={{{jobs.namespace}}}"),
        *("--set", "networkPolicy.enabled=true,podDisruptionBudget.enabled=true"),
        *("--set", "metrics.service.enabled=true,metrics.dashboard.enabled=true"),
    )
    assert done.returncode == 0, done.stderr
    said = release.cluster.kubectl("apply", "--dry-run=server", "-f", "-", stdin=done.stdout)
    assert "deployment.apps/tuner-kubetune created (server dry run)" in said.stdout
    assert said.stderr == "", "no warning"


def test_a_misspelt_value_is_refused_before_anything_is_installed(
    release: Release, helm: Helm
) -> None:
    access = ("--kubeconfig", release.cluster.kubeconfig)
    done = helm("install", "tuner", CHART, "-n", release.namespace, "--set", "replicas=2", *access)
    assert done.returncode != 0
    assert "additional properties 'replicas' not allowed" in done.stderr
    assert json.loads(release.helm("list", "-o", "json")) == []
