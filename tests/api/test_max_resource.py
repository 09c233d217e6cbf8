"""maxResource taken from the template: what counts as a setting, and what is refused."""

from typing import Any

import pytest

from kubetune.api.max_resource import max_resource_faults
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.validation import parse_spec
from tests.api.job_builder import POD, REMOVED, changed, good_job

HYPERBAND = "spec.strategy.hyperband"
CONTAINER = f"{POD}.containers[0]"
ENV = f"{CONTAINER}.env"
USED = ["--all=$(params.lr) $(params.hidden) $(params.activation)"]


def spec_with(changes: dict[str, Any], *args: str) -> TuningJobSpec:
    """Return a spec without maxResource whose training has these arguments besides."""
    template = {f"{CONTAINER}.command": ["python", "train.py"], f"{CONTAINER}.args": [*args, *USED]}
    without = {f"{HYPERBAND}.maxResource": REMOVED}
    return parse_spec(changed(good_job(), {**without, **template, **changes})["spec"])


def found(spec: TuningJobSpec) -> int | None:
    assert spec.strategy.hyperband is not None
    return spec.strategy.hyperband.max_resource


def objections(spec: TuningJobSpec) -> str:
    return "; ".join(fault.message for fault in max_resource_faults(spec))


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["--epochs=81"], id="after an equals sign"),
        pytest.param(["--epochs", "81"], id="as the next argument"),
        pytest.param(["-epochs=81"], id="with a single dash"),
        pytest.param(["--max_epochs=81"], id="with an underscore"),
        pytest.param(["--Num-Epochs=81"], id="in capitals"),
        pytest.param(["--num_train_epochs", "81"], id="as transformers call it"),
        pytest.param(["trainer.max_epochs=81"], id="as a dotted key"),
        pytest.param(["epochs=081"], id="with a zero in front"),
        pytest.param(["-c", "exec train --epochs 81 --x=1"], id="in a shell's command line"),
        pytest.param(["-c", "EPOCHS=81 train; sync"], id="as a variable of the shell's"),
        pytest.param(["-c", "train --epochs='81'"], id="in quotes"),
        pytest.param(["--epochs=81", "--max-epochs=81"], id="twice the same"),
        pytest.param(["--epochs=$(trial.resource)", "--max-epochs=81"], id="beside the resource"),
        pytest.param(["--epochs=81", "--warmup-epochs=3"], id="beside other epochs"),
    ],
)
def test_an_argument_of_the_training_container_says_it(args: list[str]) -> None:
    spec = spec_with({}, *args)
    assert found(spec) == 81
    assert objections(spec) == ""


@pytest.mark.parametrize(
    "name", ["EPOCHS", "MAX_EPOCHS", "epochs", "SM_HP_EPOCHS", "KUBETUNE_MAX_RESOURCE"]
)
def test_a_variable_of_the_training_container_says_it(name: str) -> None:
    spec = spec_with({ENV: [{"name": name, "value": "81"}]}, "--epochs=$(EPOCHS)", "-e ${EPOCHS}")
    assert found(spec) == 81


def test_the_container_that_reports_is_the_training_container() -> None:
    other = {"name": "other", "image": "other", "args": ["--epochs=5"]}
    train = {**good_job()["spec"]["trial"]["template"]["spec"]["template"]["spec"]["containers"][0]}
    train["args"] = ["--epochs=81"]
    spec = spec_with({f"{POD}.containers": [other, train], "spec.metrics.container": train["name"]})
    assert found(spec) == 81


def test_a_value_in_the_spec_is_not_looked_for() -> None:
    assert found(spec_with({f"{HYPERBAND}.maxResource": 27}, "--epochs=81")) == 27


@pytest.mark.parametrize(
    ("args", "words"),
    [
        pytest.param([], "has no setting to take it from", id="none"),
        pytest.param(["--warmup-epochs=5"], "has no setting", id="another setting only"),
        pytest.param(["--epochs=$(trial.resource)"], "has no setting", id="the resource itself"),
        pytest.param(["--epochs"], "--epochs --all=", id="no value"),
        pytest.param(["--epochs=many"], "--epochs=many in", id="no number"),
        pytest.param(["--epochs=8.1"], "--epochs=8.1 in", id="half epochs"),
        pytest.param(["--epochs=1"], "no whole number from 2", id="too few"),
        pytest.param(["--epochs=2000000"], "to 1000000", id="too many"),
        pytest.param(["--epochs=$(params.hidden)"], "same for all trials", id="a tuned one"),
        pytest.param(
            ["--epochs=9", "--max-epochs=81"],
            "--epochs=9 in spec.trial.template.spec.template.spec.containers[0].args[0] and "
            "--max-epochs=81 in spec.trial.template.spec.template.spec.containers[0].args[1] "
            "disagree",
            id="two that disagree",
        ),
    ],
)
def test_what_does_not_say_it_is_refused_with_the_remedy(args: list[str], words: str) -> None:
    spec = spec_with({}, *args)
    assert found(spec) is None
    told = objections(spec)
    assert told.startswith(f"{HYPERBAND}.maxResource is missing, and ")
    assert words in told
    assert "write" in told


def test_a_variable_from_elsewhere_is_refused() -> None:
    source = {"configMapKeyRef": {"name": "training", "key": "epochs"}}
    spec = spec_with({ENV: [{"name": "EPOCHS", "valueFrom": source}]})
    assert f"EPOCHS in {ENV}[0] is no whole number" in objections(spec)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({f"{HYPERBAND}.minResource": 81}, "minResource is 81 but must be smaller"),
        ({f"{HYPERBAND}.brackets": 6}, "number of rungs from minResource 1 to maxResource 81 is 5"),
    ],
    ids=["minResource", "brackets"],
)
def test_what_is_found_has_to_fit_the_rest(changes: dict[str, Any], words: str) -> None:
    told = objections(spec_with(changes, "--epochs=81"))
    assert words in told
    assert f"(maxResource is from --epochs=81 in {CONTAINER}.args[0])" in told
