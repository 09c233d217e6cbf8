"""What is wrong with the placeholders of a template, all at once."""

from typing import Any

import pytest

from kubetune.api.placeholders import check_placeholders
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.validation import parse_spec
from tests.api.job_builder import ACTIVATION, HIDDEN, LR, POD, REMOVED, changed, good_job

ARGS = f"{POD}.containers[0].args"
RANDOM = {"spec.strategy.type": "Random", "spec.strategy.hyperband": REMOVED}


def spec_with(changes: dict[str, Any]) -> TuningJobSpec:
    return parse_spec(changed(good_job(), changes)["spec"])


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
