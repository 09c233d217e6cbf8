"""Where the chart takes images from, and with which secrets."""

from collections.abc import Mapping

import pytest
import yaml

from tests.helm.conftest import CHART, Render
from tests.helm.rendered import of_kind, operator_container, operator_pod, variables_of

pytestmark = pytest.mark.tools


def test_pull_secrets_are_names_or_objects_with_a_name(render: Render) -> None:
    pod = operator_pod(render({"imagePullSecrets": ["one", {"name": "two"}]}))
    assert pod["spec"]["imagePullSecrets"] == [{"name": "one"}, {"name": "two"}]


def test_what_is_said_of_all_charts_counts_for_both_images_and_the_secrets(render: Render) -> None:
    bodies = render(
        {
            "global": {
                "imageRegistry": "mirror.example:5000",
                "imagePullSecrets": [{"name": "mirror"}, "own"],
                "storageClass": "another chart's",
            },
            "image": {"registry": "registry.example"},
            "imagePullSecrets": ["own"],
        }
    )
    (test,) = of_kind(bodies, "Pod").values()
    for spec in (operator_pod(bodies)["spec"], test["spec"]):
        (container,) = spec["containers"]
        assert container["image"].startswith("mirror.example:5000/kubetune/operator:")
        env = variables_of(container)
        collector = env["KUBETUNE_COLLECTOR_IMAGE"]
        assert collector.startswith("mirror.example:5000/kubetune/collector:")
        assert spec["imagePullSecrets"] == [{"name": "own"}, {"name": "mirror"}]


@pytest.mark.parametrize(
    ("image", "want"),
    [
        ({}, "kubetune/operator:0.1.0"),
        ({"tag": "2"}, "kubetune/operator:2"),
        ({"registry": "r.example:5000"}, "r.example:5000/kubetune/operator:0.1.0"),
        ({"registry": "r.example/", "repository": "a/b", "tag": "2"}, "r.example/a/b:2"),
        (
            {"tag": "2", "digest": "sha256:" + "0" * 64},
            "kubetune/operator@sha256:" + "0" * 64,
        ),
    ],
    ids=["default", "tag", "registry with a port", "everything but a digest", "digest and tag"],
)
def test_an_image_is_called(image: Mapping[str, str], want: str, render: Render) -> None:
    version = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))["appVersion"]
    container = operator_container(render({"image": image}))
    assert container["image"] == want.replace("0.1.0", version)
