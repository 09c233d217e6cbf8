"""Monitors and rules as the Prometheus operator's own kinds take them, and what they lead to."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.cluster.deploy import wait_for_kinds, with_images
from tests.cluster.errors import BringUpError
from tests.cluster.layout import default_layout
from tests.cluster.monitoring_kinds import monitoring_kinds
from tests.conftest import ROOT, TestCluster
from tests.e2e.releases import Release

pytestmark = [pytest.mark.cluster, pytest.mark.tools]

GROUP = "monitoring.coreos.com"
KINDS = {
    f"podmonitors.{GROUP}": "PodMonitor",
    f"prometheusrules.{GROUP}": "PrometheusRule",
    f"servicemonitors.{GROUP}": "ServiceMonitor",
}
EVERYTHING = {
    "service": {"enabled": True},
    "serviceMonitor": {"enabled": True, "interval": "30s", "labels": {"release": "prometheus"}},
    "podMonitor": {"enabled": True, "interval": "1m", "labels": {"release": "prometheus"}},
    "prometheusRule": {"enabled": True, "labels": {"role": "alert-rules"}},
    "dashboard": {"enabled": True},
}


@pytest.fixture(scope="module")
def monitored(cluster: TestCluster) -> Iterator[TestCluster]:
    """The cluster with the kinds of the Prometheus operator, if it has not got them."""
    if cluster.kubectl("get", "crd", next(iter(KINDS)), check=False).returncode == 0:
        yield cluster
        return
    try:
        folder = str(monitoring_kinds(default_layout()))
    except BringUpError as error:
        pytest.skip(f"the kinds of the Prometheus operator cannot be had here: {error}")
    cluster.kubectl("apply", "--server-side", "-f", folder)
    wait_for_kinds(cluster.target, KINDS)
    yield cluster
    cluster.kubectl("delete", "-f", folder)


def selected(cluster: TestCluster, namespace: str, resource: str, selector: Any) -> list[Any]:
    labels = ",".join(f"{name}={value}" for name, value in selector["matchLabels"].items())
    found: list[Any] = cluster.get("-n", namespace, resource, "-l", labels)
    return found


def exposition(cluster: TestCluster, namespace: str, place: str) -> str:
    return cluster.kubectl(
        "get", "--raw", f"/api/v1/namespaces/{namespace}/{place}/proxy/metrics"
    ).stdout


def test_the_overlay_is_taken_as_it_is_and_its_monitor_finds_the_operator(
    kubetune: TestCluster, monitored: TestCluster
) -> None:
    overlay = kubetune.kubectl("kustomize", str(ROOT / "manifests/overlays/monitoring")).stdout
    text = with_images(overlay, os.environ)
    monitored.kubectl("apply", "--validate=strict", "-f", "-", stdin=text)
    try:
        for body in filter(None, yaml.safe_load_all(text)):
            if body["apiVersion"].startswith(GROUP):
                name = (body["kind"], body["metadata"]["name"])
                held = monitored.get("-n", body["metadata"]["namespace"], *name)
                assert held["spec"] == body["spec"], "nothing is dropped or defaulted"
        monitor = monitored.get("-n", "kubetune-system", "podmonitor", "kubetune")
        (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
        found = selected(monitored, "kubetune-system", "pods", monitor["spec"]["selector"])
        pods = [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]
        (port,) = pods[0]["spec"]["containers"][0]["ports"]
        assert endpoint["port"] == port["name"]
        place = f"pods/{pods[0]['metadata']['name']}:{port['containerPort']}"
        assert "kubetune_is_leader" in exposition(monitored, "kubetune-system", place)
    finally:
        mine = ("podmonitor/kubetune", "prometheusrule/kubetune", "configmap/kubetune-dashboard")
        monitored.kubectl("-n", "kubetune-system", "delete", *mine)


def test_what_the_chart_adds_is_taken_and_each_monitor_finds_the_operator_alone(
    release: Release, monitored: TestCluster
) -> None:
    values = json.dumps(EVERYTHING)
    release.install("--set-json", f"metrics={values}", "--set", "replicaCount=2")
    where = release.namespace
    for kind in KINDS.values():
        body = monitored.get("-n", where, kind, "tuner-kubetune")
        assert body["metadata"]["labels"]["app.kubernetes.io/instance"] == "tuner"
    operators = {pod["metadata"]["name"] for pod in release.operator_pods()}
    assert len(operators) == 2
    pods = monitored.get("-n", where, "podmonitor", "tuner-kubetune")["spec"]
    found = selected(monitored, where, "pods", pods["selector"])
    assert {pod["metadata"]["name"] for pod in found} == operators
    services = monitored.get("-n", where, "servicemonitor", "tuner-kubetune")["spec"]
    (service,) = selected(monitored, where, "services", services["selector"])
    (port,) = service["spec"]["ports"]
    assert services["endpoints"] == [{"interval": "30s", "port": port["name"]}]
    place = f"services/{service['metadata']['name']}:{port['name']}"
    assert "kubetune_tuning_jobs" in exposition(monitored, where, place)
    rule = monitored.get("-n", where, "prometheusrule", "tuner-kubetune")
    assert rule["metadata"]["labels"]["role"] == "alert-rules"
    assert "KubetuneOperatorDown" in json.dumps(rule["spec"])
