"""What the training code is told: its parameters, as they are."""

import json

import pytest

from kubetune.api.parameters import ParameterValue
from tests.controller.specs import make_spec, template
from tests.trialjob.trial_jobs import (
    CASES,
    TRAIN,
    as_the_kubelet_expands,
    build,
    container_of,
    identity,
    variables_of,
)


@pytest.mark.parametrize(
    ("value", "want"),
    [
        pytest.param("a b", "a b", id="a blank"),
        pytest.param('it\'s "quoted" `x` \\n', 'it\'s "quoted" `x` \\n', id="quotes"),
        pytest.param("$HOME $(HOME) $$ ${HOME}", "$HOME $(HOME) $$ ${HOME}", id="dollars"),
        pytest.param("grün 网络 🚀", "grün 网络 🚀", id="letters of the world"),
        pytest.param("", "", id="nothing"),
        pytest.param(0.1, "0.1", id="a float"),
        pytest.param(1e-05, "1e-05", id="a small float"),
        pytest.param(5.0, "5.0", id="a whole float"),
    ],
)
def test_a_value_reaches_the_training_code_as_it_is(value: ParameterValue, want: str) -> None:
    job = build(make_spec(), identity({"lr": value}))
    variables = variables_of(container_of(job, "train"))
    assert as_the_kubelet_expands(variables["KUBETUNE_PARAM_LR"]) == want
    whole = json.loads(as_the_kubelet_expands(variables["KUBETUNE_PARAMETERS"]))
    assert whole == {"lr": value}


def test_every_container_of_the_user_gets_the_parameters() -> None:
    job = build(
        make_spec(
            job_template=template(
                containers=[TRAIN, {"name": "helper", "image": "h"}],
                pod={"initContainers": [{"name": "fetch", "image": "f"}]},
            )
        )
    )
    for name in ("train", "helper", "fetch"):
        variables = variables_of(container_of(job, name))
        assert variables["KUBETUNE_PARAM_LR"] == "0.1"
        assert variables["KUBETUNE_TRIAL"] == "digits-3"


def test_a_variable_of_the_users_own_wins_and_is_there_once() -> None:
    names = [v["name"] for v in container_of(CASES["users-own-choices"], "train")["env"]]
    assert names.count("KUBETUNE_TRIAL") == 1
    assert variables_of(container_of(CASES["users-own-choices"], "train"))["KUBETUNE_TRIAL"] == (
        "mine"
    )
