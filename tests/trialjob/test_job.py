"""The Job of a trial: reviewed as YAML in `golden`, and checked for what must always hold."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.controller.specs import LEARNING_RATE, make_spec, template
from tests.trialjob.trial_jobs import CASES, TRAIN, build, container_of, identity, variables_of

GOLDEN = Path(__file__).parent / "golden"


class PlainDumper(yaml.SafeDumper):
    """Writes what stands in two places twice, as a person would."""

    def ignore_aliases(self, data: Any) -> bool:
        _ = data
        return True


@pytest.mark.parametrize("name", CASES)
def test_the_job_of_a_trial_is_the_one_that_was_reviewed(
    name: str, request: pytest.FixtureRequest
) -> None:
    path = GOLDEN / f"{name}.yaml"
    got = yaml.dump(CASES[name], Dumper=PlainDumper, sort_keys=False, width=100)
    if request.config.getoption("--refresh-golden"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(got, encoding="utf-8")
    want = path.read_text(encoding="utf-8")
    assert want == got, f"{path.name} differs; if that is meant, pytest --refresh-golden"


def test_the_labels_are_ours_and_the_users_but_none_of_the_tuning_jobs() -> None:
    job = CASES["users-own-choices"]
    assert job["metadata"]["labels"] == {
        "kueue.x-k8s.io/queue-name": "gpus",
        "kubetune.dev/tuning-job": "digits",
        "kubetune.dev/trial": "digits-3",
        "kubetune.dev/trial-index": "3",
    }
    pod_labels = job["spec"]["template"]["metadata"]["labels"]
    assert pod_labels["team"] == "vision"
    assert pod_labels["kubetune.dev/trial"] == "digits-3"


def test_the_trial_owns_its_job_and_the_run_is_a_label() -> None:
    job = CASES["hyperband"]
    (owner,) = job["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["controller"]) == ("Trial", "trial-uid", True)
    assert job["metadata"]["labels"]["kubetune.dev/run"] == "second"


def test_a_job_is_never_suspended_or_resumed_by_us() -> None:
    assert "suspend" not in CASES["stdout"]["spec"]
    assert CASES["users-own-choices"]["spec"]["suspend"] is True


def test_building_a_job_leaves_the_spec_as_it_was_and_gives_the_same_again() -> None:
    spec = make_spec(source="File", job_template=template(containers=[TRAIN]))
    before = copy.deepcopy(spec)
    first = copy.deepcopy(build(spec))
    assert build(spec) == first
    assert spec == before


def test_a_job_is_the_same_whether_its_trial_was_read_back_or_not() -> None:
    momentum = {"name": "a.momentum", "type": "Float", "min": 0, "max": 1}
    container = {**TRAIN, "args": ["$(params.lr)", "$(params.a.momentum)"]}
    spec = make_spec(
        parameters=[LEARNING_RATE, momentum],
        job_template=template(containers=[container]),
    )
    sent = build(spec, identity({"lr": 0.1, "a.momentum": 1.0}))
    stored = build(spec, identity({"a.momentum": 1, "lr": 0.1}))
    assert sent == stored
    train = container_of(stored, "train")
    variables = variables_of(train)
    assert train["args"] == ["0.1", "1.0"]
    assert variables["KUBETUNE_PARAM_A_MOMENTUM"] == "1.0"
    assert variables["KUBETUNE_PARAMETERS"] == '{"lr": 0.1, "a.momentum": 1.0}'
