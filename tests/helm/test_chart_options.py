"""What single values of the chart do."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.helm.chart_values import EVERYTHING
from tests.helm.conftest import Render
from tests.helm.rendered import of_kind, operator_container, operator_pod, variables_of

pytestmark = pytest.mark.tools


def test_what_everything_asks_for_is_there(render: Render) -> None:
    bodies = render(EVERYTHING)
    kinds = {body["kind"] for body in bodies}
    assert {"Service", "ServiceMonitor", "PodMonitor", "PrometheusRule", "NetworkPolicy"} <= kinds
    assert {"kubetune-tuner-extra", "kubetune-text", "kubetune-tuner-dashboard"} <= set(
        of_kind(bodies, "ConfigMap")
    )
    container = operator_container(bodies)
    assert container["image"] == "registry.example/kubetune/operator@sha256:" + "a" * 64
    env = variables_of(container)
    assert env["KUBETUNE_COLLECTOR_IMAGE"] == "registry.example/kubetune/collector:2"
    assert env["HTTPS_PROXY"] == "http://proxy"
    assert container["args"] == ["--workers=2"]
    assert operator_pod(bodies)["metadata"]["labels"]["sidecar"] == "no"
    own = [b for b in bodies if not b["metadata"]["name"].endswith(("-extra", "-text"))]
    assert all(body["metadata"]["labels"]["team"] == "ml" for body in own)
    assert all(body["metadata"]["annotations"]["owner"] == "ml@example.org" for body in own)


def test_the_collectors_resources_are_changed_one_by_one(render: Render) -> None:
    values = {"collector": {"resources": {"limits": {"cpu": "100m"}}}}
    env = variables_of(operator_container(render(values)))
    assert json.loads(env["KUBETUNE_COLLECTOR_RESOURCES"]) == {
        "requests": {"cpu": "10m", "memory": "32Mi"},
        "limits": {"cpu": "100m", "memory": "32Mi"},
    }


def test_the_kinds_are_kept_unless_told_otherwise(render: Render) -> None:
    policy = "helm.sh/resource-policy"

    def policies(values: Mapping[str, Any]) -> list[str | None]:
        kinds = of_kind(render(values), "CustomResourceDefinition").values()
        return [kind["metadata"].get("annotations", {}).get(policy) for kind in kinds]

    assert policies({}) == ["keep", "keep"]
    assert policies({"crds": {"keep": False}}) == [None, None]
