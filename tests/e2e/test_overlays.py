"""The overlays on a real cluster, each in namespaces of its own."""

import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.deploy import deploy, with_images
from tests.conftest import ROOT, TestCluster
from tests.e2e.local_operator import deployment_away
from tests.e2e.tuning_jobs import REPORTS_X, Jobs, states, trains, tuning_job

pytestmark = pytest.mark.cluster

SYSTEM = "kubetune-system"
SELECTOR = "app.kubernetes.io/name=kubetune"
CLUSTER_WIDE = ("CustomResourceDefinition", "ValidatingAdmissionPolicy")


def built(cluster: TestCluster, overlay: str) -> list[dict[str, Any]]:
    folder = ROOT / "manifests" / "overlays" / overlay
    text = cluster.kubectl("kustomize", str(folder)).stdout
    return [body for body in yaml.safe_load_all(with_images(text, os.environ)) if body]


@pytest.fixture
def away(kubetune: TestCluster) -> Iterator[TestCluster]:
    """The cluster without the plain manifests' operator."""
    with deployment_away(kubetune):
        yield kubetune


@pytest.fixture
def own_namespace(away: TestCluster) -> Iterator[str]:
    name = f"kubetune-one-{secrets.token_hex(3)}"
    away.kubectl("create", "namespace", name)
    away.kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    yield name
    away.kubectl("delete", "namespace", name, "--wait=false")


def moved(bodies: list[dict[str, Any]], names: dict[str, str]) -> list[dict[str, Any]]:
    """Return the namespaced objects with other names of namespaces, as a user would edit them."""
    text = json.dumps([body for body in bodies if not body["kind"].startswith(CLUSTER_WIDE)])
    for before, after in names.items():
        text = text.replace(json.dumps(before), json.dumps(after))
    kept: list[dict[str, Any]] = json.loads(text)
    return [body for body in kept if body["kind"] != "Namespace"]


def test_an_operator_of_one_namespace_tunes_there_and_may_do_nothing_elsewhere(
    away: TestCluster, own_namespace: str, namespace: str
) -> None:
    bodies = built(away, "namespaced")
    assert {b["kind"] for b in bodies} & {"ClusterRole", "ClusterRoleBinding"} == set()
    mine = moved(bodies, {SYSTEM: own_namespace, "tuning": namespace})
    away.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(mine))
    rollout = ("rollout", "status", "deployment/kubetune", "--timeout=90s")
    away.kubectl("-n", own_namespace, *rollout)

    near, far = Jobs(away, namespace), Jobs(away, own_namespace)
    far.apply(tuning_job("far", REPORTS_X))
    near.apply(tuning_job("near", REPORTS_X, bestParametersConfigMap="near-best"))
    assert near.finish("near")["phase"] == "Complete"
    assert states(near.trials("near")) == ["Succeeded", "Succeeded"]
    assert far.status("far") == {"observedGeneration": -1}

    account = f"--as=system:serviceaccount:{own_namespace}:kubetune"
    for verb, resource, where in (
        ("list", "tuningjobs.kubetune.dev", own_namespace),
        ("create", "jobs.batch", own_namespace),
        ("list", "pods", "default"),
        ("create", "rolebindings.rbac.authorization.k8s.io", "default"),
        ("get", "secrets", namespace),
    ):
        said = away.kubectl("auth", "can-i", verb, resource, "-n", where, account, check=False)
        assert said.stdout.strip() == "no", (verb, resource, where)
    denied = away.kubectl("-n", own_namespace, "get", "jobs", account, check=False)
    assert "is forbidden" in denied.stderr


def operator_pods(cluster: TestCluster) -> list[dict[str, Any]]:
    pods = cluster.get("-n", SYSTEM, "pods", "-l", SELECTOR)
    return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]


def leader(cluster: TestCluster) -> str:
    lease = cluster.get("-n", SYSTEM, "lease", "kubetune-operator")
    return str(lease["spec"].get("holderIdentity", "")).partition("_")[0]


@pytest.fixture
def two_operators(kubetune: TestCluster, tmp_path: Path) -> Iterator[TestCluster]:
    path = tmp_path / "overlay.yaml"
    path.write_text(yaml.safe_dump_all(built(kubetune, "high-availability")), "utf-8")
    kubetune.kubectl("apply", "-f", str(path))
    kubetune.kubectl("-n", SYSTEM, "rollout", "status", "deployment/kubetune", "--timeout=90s")
    yield kubetune
    kubetune.kubectl("-n", SYSTEM, "delete", "poddisruptionbudget", "kubetune")
    deploy(kubetune.target, os.environ)


def test_the_second_of_two_operators_takes_over_when_the_first_is_killed(
    two_operators: TestCluster, namespace: str
) -> None:
    cluster, jobs = two_operators, Jobs(two_operators, namespace)
    limits = {"maxTrials": 6, "maxParallelTrials": 2}
    jobs.apply(tuning_job("kept", trains(10, seconds=0.5), limits=limits))
    jobs.wait_for_trial("kept-0", "{.status.state}=Running")
    first = leader(cluster)
    assert first in {pod["metadata"]["name"] for pod in operator_pods(cluster)}
    assert len(operator_pods(cluster)) == 2
    kill = ("delete", "pod", first, "--grace-period=0", "--force", "--wait=false")
    cluster.kubectl("-n", SYSTEM, *kill)
    status = jobs.finish("kept", seconds=120)
    assert leader(cluster) not in ("", first)
    assert status["progress"] == "6/6"
    assert [trial["status"]["attempts"] for trial in jobs.trials("kept")] == [1] * 6
    assert len(jobs.pods("kept")) == 6, "no trial ran twice"
    budget = cluster.get("-n", SYSTEM, "poddisruptionbudget", "kubetune")
    assert budget["status"]["expectedPods"] == 2
