"""The chart on a real cluster: install, test, upgrade, roll back, uninstall, install again."""

import json
import os
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.deploy import deploy
from tests.cluster.target import IMAGES, image_of
from tests.conftest import ROOT, Helm, TestCluster
from tests.e2e.tuning_jobs import REPORTS_X, Jobs, states, trains, tuning_job

pytestmark = [pytest.mark.cluster, pytest.mark.tools]

CHART = str(ROOT / "helm" / "kubetune")


def image_values(prefix: str, image: str) -> list[str]:
    """Return what sets an image's values to a whole name."""
    repository, _, tag = image.rpartition(":")
    return ["--set", f"{prefix}.repository={repository}", "--set-string", f"{prefix}.tag={tag}"]


class Release:
    """One release of the chart in a namespace of its own."""

    def __init__(self, helm: Helm, cluster: TestCluster, namespace: str) -> None:
        self.namespace = namespace
        self.cluster = cluster
        self._helm = helm

    def helm(self, *words: str) -> str:
        """Run helm on the release's namespace; fail with its words."""
        access = ("--kubeconfig", self.cluster.kubeconfig, "--kube-context", self.cluster.context)
        done = self._helm(*words, "--namespace", self.namespace, *access)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def install(self, *settings: str, command: str = "install") -> str:
        """Install or upgrade, and wait until it is ready, as a user would."""
        operator, collector, _ = (image_of(image, os.environ) for image in IMAGES)
        return self.helm(
            *(command, "tuner", CHART, "--wait", "--timeout", "120s"),
            # The kinds may be here already, from the plain manifests.
            "--take-ownership",
            *image_values("image", operator),
            *image_values("collector.image", collector),
            *settings,
        )

    def operator_pods(self) -> list[dict[str, Any]]:
        """Return the operator's pods that are not going."""
        selector = "app.kubernetes.io/instance=tuner,app.kubernetes.io/name=kubetune"
        pods = self.cluster.get("-n", self.namespace, "pods", "-l", selector)
        return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]

    def may(self, verb: str, resource: str, namespace: str) -> bool:
        """Return whether the operator's account may do that there."""
        account = f"system:serviceaccount:{self.namespace}:tuner-kubetune"
        words = ("auth", "can-i", verb, resource, "-n", namespace, "--as", account)
        return self.cluster.kubectl(*words, check=False).stdout.strip() == "yes"


@pytest.fixture
def release(crds: TestCluster, helm: Helm) -> Iterator[Release]:
    """A release's namespace, where no other operator works meanwhile."""
    plain = ("-n", "kubetune-system", "deployment/kubetune")
    here = crds.kubectl("get", *plain, check=False).returncode == 0
    if here:
        crds.kubectl("scale", *plain, "--replicas=0")
        crds.kubectl("wait", *plain, "--for=jsonpath={.status.replicas}=0", check=False)
    name = f"kubetune-helm-{secrets.token_hex(3)}"
    crds.kubectl("create", "namespace", name)
    crds.kubectl(
        *("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted"),
    )
    found = Release(helm, crds, name)
    try:
        yield found
    finally:
        access = ("--kubeconfig", crds.kubeconfig, "--kube-context", crds.context)
        helm("uninstall", "tuner", "--namespace", name, "--ignore-not-found", *access)
        crds.kubectl("delete", "namespace", name, "--wait=false")
        if here:
            # The release took over what it shares with the plain manifests: the roles of trials.
            deploy(crds.target, os.environ)


@pytest.fixture
def jobs(crds: TestCluster, namespace: str) -> Jobs:
    """A namespace to tune in, without the plain manifests' operator."""
    return Jobs(crds, namespace)


def test_a_release_lives_through_upgrade_rollback_uninstall_and_a_second_install(
    release: Release, jobs: Jobs
) -> None:
    notes = release.install()
    assert "kubetune watch NAME" in notes
    (pod,) = release.operator_pods()
    assert all(status["ready"] for status in pod["status"]["containerStatuses"])
    assert "Phase:          Succeeded" in release.helm("test", "tuner", "--timeout", "60s")

    jobs.apply(tuning_job("long", trains(10_000)))
    for name in ("long-0", "long-1"):
        jobs.wait_for_trial(name, "{.status.state}=Running")
    training = {pod["metadata"]["uid"] for pod in jobs.pods("long")}

    release.install(
        *("--set", "operator.workers=4", "--set", "crds.annotations.try=second"), command="upgrade"
    )
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

    release.install()
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


def test_a_misspelt_value_is_refused_before_anything_is_installed(
    release: Release, helm: Helm
) -> None:
    access = ("--kubeconfig", release.cluster.kubeconfig)
    done = helm("install", "tuner", CHART, "-n", release.namespace, "--set", "replicas=2", *access)
    assert done.returncode != 0
    assert "additional properties 'replicas' not allowed" in done.stderr
    assert json.loads(release.helm("list", "-o", "json")) == []
