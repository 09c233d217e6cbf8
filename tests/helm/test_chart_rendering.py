"""The chart over a matrix of values: valid, as reviewed, the same as the plain manifests."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.conftest import Helm
from tests.helm.chart_values import MATRIX
from tests.helm.conftest import CHART, ROOT, Body, Render

pytestmark = pytest.mark.tools


def test_helm_finds_nothing_to_complain_of(values: Mapping[str, Any], helm: Helm) -> None:
    done = helm("lint", "--strict", str(CHART), "--values", "-", stdin=json.dumps(values))
    assert done.returncode == 0, done.stdout + done.stderr


def test_two_renders_are_identical(values: Mapping[str, Any], template: Callable[..., str]) -> None:
    assert template(values) == template(values)


@pytest.mark.parametrize("kubernetes", ["1.31.0", "1.34.0", "1.37.0"])
def test_every_object_is_valid_for_kubernetes(
    kubernetes: str, values: Mapping[str, Any], render: Render
) -> None:
    checked = 0
    for body in render(values, kubernetes=kubernetes):
        if body["apiVersion"].startswith("monitoring.coreos.com/"):
            continue
        kubernetes_validate.validate(body, kubernetes, strict=True)
        checked += 1
    assert checked >= 2


@pytest.mark.parametrize("name", ["defaults", "everything-namespaced"])
def test_the_rendered_objects_are_those_of_the_golden_file(
    name: str, render: Render, *, refresh: bool
) -> None:
    bodies = [b for b in render(MATRIX[name]) if b["kind"] != "CustomResourceDefinition"]
    rendered = yaml.safe_dump_all(bodies, sort_keys=False, width=100)
    golden = Path(__file__).parent / "golden" / f"{name}.yaml"
    if refresh:
        golden.write_text(rendered, "utf-8")
    assert rendered == golden.read_text("utf-8"), "look at the difference; --refresh-golden"


def test_the_chart_and_the_plain_manifests_install_the_same_objects(render: Render) -> None:
    def simplified(bodies: Iterable[Body | None]) -> dict[tuple[str, str], Body]:
        found = {}
        for body in bodies:
            if body is None or body["kind"] == "Namespace" or "-test" in body["metadata"]["name"]:
                continue
            body["metadata"].pop("annotations", None)
            body["metadata"].pop("labels", None)
            if body["kind"] == "Deployment":
                # Helm's labels; settings that have the same default in the operator.
                body["spec"].pop("selector")
                body["spec"]["template"]["metadata"].pop("labels")
                (container,) = body["spec"]["template"]["spec"]["containers"]
                container["image"] = container["image"].rpartition(":")[0]
                known = {"POD_NAME", "POD_NAMESPACE"}
                known |= {"KUBETUNE_COLLECTOR_IMAGE", "KUBETUNE_COLLECTOR_RESOURCES"}
                container["env"] = [v for v in container["env"] if v["name"] in known]
                container["env"][0]["value"] = container["env"][0]["value"].rpartition(":")[0]
            found[(body["kind"], body["metadata"]["name"])] = body
        return found

    plain = yaml.safe_load_all((ROOT / "manifests" / "install.yaml").read_text("utf-8"))
    want, got = simplified(plain), simplified(render())
    assert set(got) == set(want)
    for key, body in want.items():
        assert got[key] == body, key


def test_nothing_but_the_test_is_a_hook(values: Mapping[str, Any], render: Render) -> None:
    for body in render(values):
        hook = body["metadata"].get("annotations", {}).get("helm.sh/hook")
        assert hook == ("test" if body["kind"] == "Pod" else None)


@pytest.mark.parametrize(
    ("values", "kubernetes", "want"),
    [
        pytest.param({"watchNamespace": ["a"]}, "1.34.0", "watchNamespace", id="a misspelt value"),
        pytest.param(
            {"serviceAccount": {"create": False}},
            "1.34.0",
            "serviceAccount.name has to name an account",
            id="no account",
        ),
        pytest.param(
            {"metrics": {"serviceMonitor": {"enabled": True}}},
            "1.34.0",
            "needs metrics.service.enabled",
            id="a ServiceMonitor without a Service",
        ),
        pytest.param({}, "1.30.9", "requires kubeVersion: >=1.31.0-0", id="an old Kubernetes"),
    ],
)
def test_what_cannot_work_is_refused_with_the_remedy(
    values: Mapping[str, Any], kubernetes: str, want: str, render: Render
) -> None:
    with pytest.raises(ValueError, match=want.replace("(", r"\(")):
        render(values, kubernetes=kubernetes)
