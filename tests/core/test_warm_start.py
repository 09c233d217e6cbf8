from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.plan import check
from kubetune.core.space import build_space
from kubetune.core.trial import Trial
from kubetune.core.warm_start import (
    MOST_POINTS,
    differences,
    known_points,
    make_parent,
    needless_fixed,
    retried_points,
)
from tests.core.builders import ACTIVATION, HIDDEN, LEARNING_RATE, make_spec, make_trial

MOMENTUM = {"name": "momentum", "type": "Float", "min": 0, "max": 1}


def heir(
    kind: str = "IdenticalDataAndAlgorithm",
    *,
    fixed: Mapping[str, Any] | None = None,
    parameters: Sequence[Mapping[str, Any]] = (LEARNING_RATE, ACTIVATION),
    **fields: Any,
) -> TuningJobSpec:
    start = {"from": ["a", "b"], "type": kind, "fixed": dict(fixed or {})}
    return make_spec(parameters=parameters, warmStart=start, **fields)


def succeeded(index: int, value: float | None, **parameters: Any) -> Trial:
    return make_trial(index, TrialState.SUCCEEDED, value=value, parameters=parameters)


def test_a_job_with_other_ranges_and_values_can_be_a_parent() -> None:
    wider = {**LEARNING_RATE, "min": 1e-6, "max": 2, "scale": "Linear"}
    other = {**ACTIVATION, "values": ["relu", "selu"]}
    parent = make_spec("Hyperband", parameters=[other, wider])
    assert list(differences(heir(), "a", parent)) == []


@pytest.mark.parametrize(
    ("parent", "fixed", "want"),
    [
        pytest.param(
            make_spec(goal="Minimize"), {}, "has the goal Minimize, this job Maximize", id="goal"
        ),
        pytest.param(
            make_spec(parameters=[LEARNING_RATE]),
            {},
            "does not tune activation, this job does: write into spec.warmStart.fixed the value",
            id="a parameter that was fixed",
        ),
        pytest.param(
            make_spec(parameters=[LEARNING_RATE, ACTIVATION, HIDDEN]),
            {},
            "tunes hidden, this job does not: write into spec.warmStart.fixed the value",
            id="a parameter that is fixed now",
        ),
        pytest.param(
            make_spec(parameters=[LEARNING_RATE, ACTIVATION, HIDDEN]),
            {"hidden": "many"},
            'spec.warmStart.fixed.hidden is "many" but must be a number, because the parameter is '
            "Integer",
            id="a fixed value of another type",
        ),
        pytest.param(
            make_spec(parameters=[{**LEARNING_RATE, "type": "Integer", "min": 1}, ACTIVATION]),
            {},
            "has the parameter lr as Integer, this job as Float",
            id="another type",
        ),
    ],
)
def test_a_difference_is_named(parent: TuningJobSpec, fixed: Mapping[str, Any], want: str) -> None:
    [words] = differences(heir(fixed=fixed), "a", parent)
    assert want in words
    assert words.startswith("spec.warmStart.")


def test_another_metric_is_named_with_both() -> None:
    parent = make_spec().model_copy(
        update={"objective": make_spec().objective.model_copy(update={"metric": "loss"})}
    )
    [words] = differences(heir(), "a", parent)
    assert words.startswith("spec.warmStart.from[a] optimises the metric loss, this job accuracy")


def test_every_difference_is_told() -> None:
    parent = make_spec(parameters=[HIDDEN], goal="Minimize")
    assert len(list(differences(heir(), "a", parent))) == 4


def test_a_fixed_value_that_nobody_asks_for_is_a_slip() -> None:
    spec = heir(fixed={"momentun": 0.9, "hidden": 64})
    parents = [make_spec(), make_spec(parameters=[LEARNING_RATE, ACTIVATION, HIDDEN])]
    [words] = needless_fixed(spec, parents)
    assert words.startswith("spec.warmStart.fixed.momentun is needed for no parent")


@pytest.mark.parametrize(
    ("fixed", "want"),
    [
        pytest.param({"lr": "0.1"}, 'lr is "0.1" but must be a number', id="a text for a number"),
        pytest.param({"lr": True}, "lr is true but must be a number", id="truth for a number"),
        pytest.param({"activation": 1}, "activation is 1 but must be a text", id="number for text"),
    ],
)
def test_a_fixed_value_of_another_type_than_its_parameter_is_found_without_the_parents(
    fixed: Mapping[str, Any], want: str
) -> None:
    [problem] = check(heir(fixed=fixed))
    assert (problem.reason, problem.path) == (
        "InvalidWarmStart",
        f"spec.warmStart.fixed.{next(iter(fixed))}",
    )
    assert want in problem.message


def test_only_succeeded_trials_with_a_value_count_the_best_first() -> None:
    trials = [
        succeeded(0, 0.5, lr=0.1, activation="relu"),
        make_trial(1, TrialState.EARLY_STOPPED, [0.99]),
        make_trial(2, TrialState.FAILED),
        succeeded(3, 0.7, lr=1, activation="tanh"),
        succeeded(4, None, lr=1, activation="tanh"),
    ]
    best = make_parent(heir(), "a", trials)
    assert [point.trial for point in best.points] == ["digits-3", "digits-0"]
    assert repr(best.points[0].parameters) == "{'lr': 1.0, 'activation': 'tanh'}"
    lowest = make_parent(heir(goal="Minimize"), "a", trials)
    assert [point.trial for point in lowest.points] == ["digits-0", "digits-3"]


def test_a_parameter_that_was_fixed_gets_the_value_that_it_had() -> None:
    spec = heir(parameters=[LEARNING_RATE, MOMENTUM], fixed={"momentum": 0.9})
    parent = make_parent(spec, "a", [succeeded(0, 0.5, lr=0.1)])
    assert parent.points[0].parameters == {"lr": 0.1, "momentum": 0.9}


def test_of_a_parameter_that_is_fixed_now_only_points_near_its_value_count() -> None:
    spec = heir(parameters=[LEARNING_RATE], fixed={"hidden": 64, "optimiser": "sgd"})
    trials = [
        succeeded(0, 0.1, lr=0.1, hidden=60, optimiser="sgd"),
        succeeded(1, 0.2, lr=0.2, hidden=16, optimiser="sgd"),
        succeeded(2, 0.3, lr=0.3, hidden=64, optimiser="adam"),
        succeeded(3, 0.4, lr=0.4, hidden=66, optimiser="sgd"),
    ]
    parent = make_parent(spec, "a", trials)
    assert [dict(point.parameters) for point in parent.points] == [{"lr": 0.4}, {"lr": 0.1}]


def test_a_large_parent_is_thinned_and_keeps_its_best_and_some_of_every_rank() -> None:
    trials = [succeeded(i, float(i), lr=0.1, activation="relu") for i in range(10_000)]
    values = [point.value for point in make_parent(heir(), "a", trials).points]
    assert len(values) == len(set(values)) == MOST_POINTS
    assert values[:200] == [float(9999 - i) for i in range(200)]
    assert values[-1] < 40
    assert max(one - other for one, other in pairwise(values)) < 40


def test_points_of_identical_parents_inside_the_space_are_known_once() -> None:
    spec = heir(parameters=[HIDDEN, ACTIVATION])
    first = make_parent(spec, "a", [succeeded(0, 0.1, hidden=16, activation="relu")])
    second = make_parent(
        spec,
        "b",
        [
            succeeded(0, 0.9, hidden=16, activation="relu"),
            succeeded(1, 0.8, hidden=17, activation="relu"),
            succeeded(2, 0.7, hidden=128, activation="relu"),
            succeeded(3, 0.6, hidden=16, activation="selu"),
            succeeded(4, 0.5, hidden=64, activation="gelu"),
        ],
    )
    known = known_points(spec, [first, second])
    assert [dict(point.parameters) for point in known] == [
        {"hidden": 16, "activation": "relu"},
        {"hidden": 64, "activation": "gelu"},
    ]
    assert known_points(heir("TransferLearning", parameters=[HIDDEN, ACTIVATION]), [first]) == ()
    assert known_points(make_spec(), []) == ()


def test_the_best_points_of_every_parent_are_retried_if_they_are_apart() -> None:
    spec = heir("TransferLearning", parameters=[LEARNING_RATE])
    first = make_parent(
        spec, "a", [succeeded(i, -i, lr=lr) for i, lr in enumerate((0.1, 0.11, 0.001, 0.01))]
    )
    second = make_parent(
        spec, "b", [succeeded(i, -i, lr=lr) for i, lr in enumerate((50.0, 0.09, 0.0001))]
    )
    retried = retried_points(spec, [first, second])
    assert [(name, point.parameters["lr"]) for name, point in retried] == [
        ("a", 0.1),
        ("b", 0.0001),
        ("a", 0.001),
    ]
    assert retried_points(heir(parameters=[LEARNING_RATE]), [first]) == ()


def test_no_more_points_are_retried_than_there_are_apart() -> None:
    spec = heir("TransferLearning", parameters=[LEARNING_RATE])
    parent = make_parent(spec, "a", [succeeded(i, -i, lr=0.1 + i / 1000) for i in range(5)])
    assert len(retried_points(spec, [parent])) == 1


def test_a_space_tells_its_points_from_others() -> None:
    space = build_space(make_spec(parameters=[LEARNING_RATE, HIDDEN]).parameters)
    assert space.contains({"lr": 0.1, "hidden": 16, "other": 1})
    others: Sequence[Mapping[str, Any]] = (
        {"lr": 0.1},
        {"lr": "0.1", "hidden": 16},
        {"lr": 2.0, "hidden": 16},
    )
    for point in others:
        assert not space.contains(point)
