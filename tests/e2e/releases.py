"""Releases of the chart on a real cluster, each in a namespace of its own."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from tests.cluster.deploy import deploy
from tests.cluster.target import IMAGES, image_of
from tests.conftest import ROOT, Helm, TestCluster

CHART: Final = str(ROOT / "helm" / "kubetune")


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

    def install(self, *settings: str, command: str = "install", chart: str = CHART) -> str:
        """Install or upgrade, and wait until it is ready, as a user would."""
        operator, collector, _ = (image_of(image, os.environ) for image in IMAGES)
        return self.helm(
            *(command, "tuner", chart, "--wait", "--timeout", "120s"),
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


@contextmanager
def release_in_a_new_namespace(helm: Helm, cluster: TestCluster) -> Iterator[Release]:
    """Give a release that is not installed yet; uninstall it and its namespace at the end."""
    name = f"kubetune-helm-{secrets.token_hex(3)}"
    cluster.kubectl("create", "namespace", name)
    cluster.kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    try:
        yield Release(helm, cluster, name)
    finally:
        access = ("--kubeconfig", cluster.kubeconfig, "--kube-context", cluster.context)
        helm("uninstall", "tuner", "--namespace", name, "--ignore-not-found", *access)
        cluster.kubectl("delete", "namespace", name, "--wait=false")


@contextmanager
def without_the_plain_operator(cluster: TestCluster) -> Iterator[TestCluster]:
    """Give the cluster with both kinds, where the plain manifests' operator is away meanwhile."""
    plain = ("-n", "kubetune-system", "deployment/kubetune")
    here = cluster.kubectl("get", *plain, check=False).returncode == 0
    if here:
        cluster.kubectl("scale", *plain, "--replicas=0")
        cluster.kubectl("wait", *plain, "--for=jsonpath={.status.replicas}=0", check=False)
    try:
        yield cluster
    finally:
        cluster.kubectl("apply", "-k", str(ROOT / "crds"))
        if here:
            # A release took over what it shares with the plain manifests: the roles of trials.
            deploy(cluster.target, os.environ)
