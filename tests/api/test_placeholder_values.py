"""What placeholders become in a trial's Job."""

from typing import Any

import pytest

from kubetune.api.placeholders import substitute
from tests.api.job_builder import HIDDEN, LR


def filled(template: dict[str, Any]) -> dict[str, Any]:
    return substitute(
        template,
        parameters={"lr": 0.001, "hidden": 64, "activation": "relu", "momentum": 1.0},
        trial_name="digits-3",
        index=3,
        resource=27,
    )


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param("--lr=$(params.lr)", "--lr=0.001", id="a float"),
        pytest.param("$(params.hidden)x$(params.hidden)", "64x64", id="one parameter twice"),
        pytest.param("m$(params.momentum)", "m1.0", id="a whole float keeps its point"),
        pytest.param("$(trial.name)/$(trial.index)/$(trial.resource)", "digits-3/3/27", id="trial"),
        pytest.param("$$(params.lr)", "$(params.lr)", id="an escape"),
        pytest.param("$$$(params.lr)", "$$0.001", id="an escaped dollar before a placeholder"),
        pytest.param("$$$$(params.lr)", "$$$(params.lr)", id="two escaped dollars"),
        pytest.param("$(HOME) $$(HOME) $5 $", "$(HOME) $$(HOME) $5 $", id="Kubernetes' own"),
    ],
)
def test_text_around_a_placeholder_stays(text: str, want: str) -> None:
    assert filled({"args": [text]}) == {"args": [want]}


def test_a_value_that_is_only_a_placeholder_takes_the_type_of_the_parameter() -> None:
    template = {
        "priority": "$(params.hidden)",
        "limits": {"cpu": "$(params.lr)", "memory": "$(params.hidden)Mi"},
        "whole": "$(params.momentum)",
        "index": "$(trial.index)",
        "kind": "$(params.activation)",
    }

    assert filled(template) == {
        "priority": 64,
        "limits": {"cpu": 0.001, "memory": "64Mi"},
        "whole": 1,
        "index": 3,
        "kind": "relu",
    }


def test_a_value_stays_text_where_kubernetes_wants_text() -> None:
    template = {
        "labels": {"hidden": HIDDEN},
        "annotations": {"hidden": HIDDEN},
        "nodeSelector": {"hidden": HIDDEN},
        "containers": [
            {
                "name": HIDDEN,
                "image": HIDDEN,
                "command": [HIDDEN],
                "args": [LR],
                "env": [{"name": "N", "value": HIDDEN}],
                "ports": [{"containerPort": HIDDEN}],
            }
        ],
    }

    assert filled(template) == {
        "labels": {"hidden": "64"},
        "annotations": {"hidden": "64"},
        "nodeSelector": {"hidden": "64"},
        "containers": [
            {
                "name": "64",
                "image": "64",
                "command": ["64"],
                "args": ["0.001"],
                "env": [{"name": "N", "value": "64"}],
                "ports": [{"containerPort": 64}],
            }
        ],
    }


def test_what_is_not_text_stays_as_it_is() -> None:
    template = {"backoffLimit": 3, "suspend": False, "list": [1, None], "share": 0.5, "none": None}

    assert filled(template) == template


def test_the_template_itself_is_not_changed() -> None:
    template = {"labels": {"a": LR}, "list": [{"b": LR}]}
    copy = filled(template)
    copy["labels"]["c"] = copy["list"][0]["c"] = "changed"

    assert template == {"labels": {"a": LR}, "list": [{"b": LR}]}


@pytest.mark.parametrize("text", ["$(params.nothing)", "$(trial.nothing)", "a $(trial.resource)"])
def test_a_placeholder_that_stands_for_nothing_is_an_error(text: str) -> None:
    with pytest.raises(KeyError):
        substitute({"a": text}, parameters={}, trial_name="t", index=0, resource=None)


DOLLARS = "$(HOME) $$ $$(HOME) $"
TWICE = "$$(HOME) $$$$ $$$$(HOME) $$"


@pytest.mark.parametrize(
    ("container", "want"),
    [
        pytest.param({"command": ["$(params.d)"]}, {"command": [TWICE]}, id="a command"),
        pytest.param({"args": ["--d=$(params.d)"]}, {"args": [f"--d={TWICE}"]}, id="an argument"),
        pytest.param(
            {"env": [{"name": "D", "value": "$(params.d)"}]},
            {"env": [{"name": "D", "value": TWICE}]},
            id="a variable",
        ),
        pytest.param(
            {"volumeMounts": [{"subPathExpr": "$(params.d)", "subPath": "$(params.d)"}]},
            {"volumeMounts": [{"subPathExpr": TWICE, "subPath": DOLLARS}]},
            id="a path that is an expression, and one that is none",
        ),
        pytest.param(
            {"startupProbe": {"exec": {"command": ["$(params.d)"]}}},
            {"startupProbe": {"exec": {"command": [TWICE]}}},
            id="a probe",
        ),
        pytest.param(
            {"lifecycle": {"preStop": {"exec": {"command": ["$(params.d)"]}}}},
            {"lifecycle": {"preStop": {"exec": {"command": [DOLLARS]}}}},
            id="a hook, which the kubelet takes as it is",
        ),
        pytest.param(
            {"args": ["$(HOME) $$(params.d)"]},
            {"args": ["$(HOME) $(params.d)"]},
            id="the template's own references",
        ),
    ],
)
@pytest.mark.parametrize("containers", ["containers", "initContainers"])
def test_dollars_of_a_value_arrive_as_they_are(
    containers: str, container: dict[str, Any], want: dict[str, Any]
) -> None:
    template = {
        "metadata": {"annotations": {"d": "$(params.d)"}},
        "spec": {"template": {"spec": {containers: [container]}}},
    }

    assert substitute(
        template, parameters={"d": DOLLARS}, trial_name="t", index=0, resource=None
    ) == {
        "metadata": {"annotations": {"d": DOLLARS}},
        "spec": {"template": {"spec": {containers: [want]}}},
    }
