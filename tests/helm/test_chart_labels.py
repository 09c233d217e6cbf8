"""Labels stand once, and selectors find the pods that they mean and no others."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.helm.chart_values import EVERYTHING
from tests.helm.conftest import Render
from tests.helm.rendered import of_kind, operator_pod

pytestmark = pytest.mark.tools


class _Strict(yaml.SafeLoader):
    """Refuses a key that stands twice, as the API server does when it is asked to be strict."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002  as in the base
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key stands twice among {keys}"
        return super().construct_mapping(node, deep)


def test_labels_that_collide_stand_once_and_selectors_find_their_pods(
    template: Callable[..., str],
) -> None:
    collision = {"app.kubernetes.io/name": "theirs", "app.kubernetes.io/part-of": "ml", "team": "a"}
    text = template(
        {
            **EVERYTHING,
            "commonLabels": collision,
            "podLabels": {"team": "b", "app.kubernetes.io/component": "theirs"},
            "commonAnnotations": {"helm.sh/hook": "pre-install"},
        }
    )
    bodies = [body for body in yaml.load_all(text, _Strict) if body]
    labels = operator_pod(bodies)["metadata"]["labels"]
    assert labels["team"] == "b"
    assert labels["app.kubernetes.io/part-of"] == "ml"
    (test,) = of_kind(bodies, "Pod").values()
    (deployment,) = of_kind(bodies, "Deployment").values()
    (service,) = of_kind(bodies, "Service").values()
    (budget,) = of_kind(bodies, "PodDisruptionBudget").values()
    for wanted in (
        deployment["spec"]["selector"]["matchLabels"],
        service["spec"]["selector"],
        budget["spec"]["selector"]["matchLabels"],
    ):
        assert wanted.items() <= labels.items()
        assert not wanted.items() <= test["metadata"]["labels"].items()
    (policy,) = of_kind(bodies, "NetworkPolicy").values()
    assert (
        policy["spec"]["podSelector"]["matchLabels"].items() <= test["metadata"]["labels"].items()
    )
    assert test["metadata"]["annotations"]["helm.sh/hook"] == "test"


def test_a_monitor_of_services_finds_the_service_and_one_of_pods_the_operator_alone(
    render: Render,
) -> None:
    bodies = render(EVERYTHING)
    (service,) = of_kind(bodies, "Service").values()
    (services,) = of_kind(bodies, "ServiceMonitor").values()
    wanted = services["spec"]["selector"]["matchLabels"].items()
    assert wanted <= service["metadata"]["labels"].items()
    (pods,) = of_kind(bodies, "PodMonitor").values()
    wanted = pods["spec"]["selector"]["matchLabels"].items()
    assert wanted <= operator_pod(bodies)["metadata"]["labels"].items()
    (test,) = of_kind(bodies, "Pod").values()
    assert not wanted <= test["metadata"]["labels"].items()
