"""Placeholders: what is wrong with them, and what they become."""

from typing import Any

import pytest

from kubetune.api.placeholders import check_placeholders, substitute
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.validation import parse_spec
from tests.api.job_builder import POD, REMOVED, changed, good_job

ARGS = f"{POD}.containers[0].args"
RANDOM = {"spec.strategy.type": "Random", "spec.strategy.hyperband": REMOVED}
LR, HIDDEN, ACTIVATION = "$(params.lr)", "$(params.hidden)", "$(params.activation)"


def spec_with(changes: dict[str, Any]) -> TuningJobSpec:
    return parse_spec(changed(good_job(), changes)["spec"])


def filled(template: dict[str, Any]) -> dict[str, Any]:
    return substitute(
        template,
        parameters={"lr": 0.001, "hidden": 64, "activation": "relu", "momentum": 1.0},
        trial_name="digits-3",
        index=3,
        resource=27,
    )


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="every parameter in an argument"),
        pytest.param({ARGS: [LR + HIDDEN + ACTIVATION]}, id="several in one text"),
        pytest.param(
            {ARGS: ["--json=$(KUBETUNE_PARAMETERS)"]}, id="all of them by the variable for all"
        ),
        pytest.param(
            {ARGS: [LR, HIDDEN, "${KUBETUNE_PARAM_ACTIVATION}"]}, id="one by its own variable"
        ),
        pytest.param(
            {
                ARGS: REMOVED,
                "spec.trial.template.metadata.annotations": {
                    "kubetune.dev/reads": "KUBETUNE_PARAMETERS"
                },
            },
            id="code in the image that reads the variable, said in an annotation",
        ),
        pytest.param(
            {f"{ARGS}[3]": "$(trial.name) $(trial.index) $(trial.resource)"},
            id="the trial's values",
        ),
        pytest.param({f"{ARGS}[3]": "$$(params.nothing)"}, id="an escaped unknown placeholder"),
        pytest.param({f"{ARGS}[3]": "$(HOME) $(date) $params.x"}, id="what is none of ours"),
    ],
)
def test_a_template_that_uses_every_parameter_has_no_faults(changes: dict[str, Any]) -> None:
    assert check_placeholders(spec_with(changes)) == ()


@pytest.mark.parametrize(
    ("changes", "want_path", "want_words"),
    [
        pytest.param(
            {f"{ARGS}[3]": "--rate=$(params.lrr)"},
            f"{ARGS}[3]",
            f"{ARGS}[3] has $(params.lrr), but there is no parameter lrr: did you mean lr?",
            id="an unknown parameter",
        ),
        pytest.param(
            {f"{ARGS}[3]": "$(params.)"},
            f"{ARGS}[3]",
            "there is no parameter without a name: use one of lr, hidden, activation",
            id="a parameter without a name",
        ),
        pytest.param(
            {f"{ARGS}[3]": "$(params.LR)"},
            f"{ARGS}[3]",
            "there is no parameter LR: did you mean lr?",
            id="a parameter in upper case",
        ),
        pytest.param(
            {"spec.trial.template.metadata.labels": {"trial": "$(trial.number)"}},
            "spec.trial.template.metadata.labels.trial",
            "has $(trial.number), but a trial has no such value: use one of name, index, resource",
            id="an unknown value of the trial",
        ),
        pytest.param(
            {**RANDOM, f"{ARGS}[3]": "--epochs=$(trial.resource)"},
            f"{ARGS}[3]",
            "which only the strategy Hyperband sets, not Random: write the number of steps instead",
            id="the resource without Hyperband",
        ),
        pytest.param(
            {ARGS: [LR, HIDDEN]},
            "spec.parameters[activation]",
            "is never used by spec.trial.template: write $(params.activation) into its command",
            id="a parameter that is never used",
        ),
        pytest.param(
            {ARGS: [LR, HIDDEN, "$$(params.activation)"]},
            "spec.parameters[activation]",
            "KUBETUNE_PARAM_ACTIVATION or KUBETUNE_PARAMETERS by itself, say so with an annotation",
            id="a parameter whose placeholder is escaped",
        ),
        pytest.param(
            {ARGS: [LR, HIDDEN, "KUBETUNE_PARAM_ACTIVATION_2"]},
            "spec.parameters[activation]",
            "is never used",
            id="a variable that only begins like the parameter's",
        ),
        pytest.param(
            {ARGS: [LR, HIDDEN], "spec.trial.template.metadata.labels": {ACTIVATION: "x"}},
            "spec.parameters[activation]",
            "is never used",
            id="a placeholder in a key, where it is not filled in",
        ),
    ],
)
def test_a_fault_names_the_place_and_the_remedy(
    changes: dict[str, Any], want_path: str, want_words: str
) -> None:
    (fault,) = check_placeholders(spec_with(changes))

    assert fault.path == want_path
    assert want_words in fault.message


def test_every_fault_is_found_at_once() -> None:
    faults = check_placeholders(spec_with({ARGS: ["$(params.a)", "$(params.b)", "$(trial.c)"]}))

    assert [fault.path for fault in faults] == [
        f"{ARGS}[0]",
        f"{ARGS}[1]",
        f"{ARGS}[2]",
        "spec.parameters[lr]",
        "spec.parameters[hidden]",
        "spec.parameters[activation]",
    ]


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
