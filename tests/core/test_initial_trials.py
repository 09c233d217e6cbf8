import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.initial_trials import (
    initial_points,
    initial_trial_faults,
    untried_points,
)
from kubetune.core.space import build_space
from tests.core.builders import ACTIVATION, HIDDEN, LEARNING_RATE, make_spec, make_trial

DEPTH = {"name": "depth", "type": "Integer", "min": 1, "max": 10}
SIDE = {"name": "side", "type": "Categorical", "values": ["left", "right"]}
COIN = {"name": "coin", "type": "Categorical", "values": ["heads", "tails"]}
SHARE = {"name": "share", "type": "Float", "min": 0, "max": 0.9, "step": 0.2}


def spec_with(
    *points: Mapping[str, Any],
    parameters: Sequence[Mapping[str, Any]] = (LEARNING_RATE, HIDDEN, ACTIVATION, DEPTH, SHARE),
) -> TuningJobSpec:
    return make_spec(
        parameters=parameters, initialTrials=[{"parameters": dict(point)} for point in points]
    )


@pytest.mark.parametrize(
    ("point", "want"),
    [
        pytest.param(
            {"lrr": 0.1}, ".lrr is not a parameter of this job: did you mean lr?", id="name"
        ),
        pytest.param(
            {"lr": "0.1"}, '.lr is "0.1" but must be a number: write it without', id="text"
        ),
        pytest.param({"lr": True}, ".lr is true but must be a number", id="truth"),
        pytest.param({"lr": None}, ".lr is null but must be a number", id="null"),
        pytest.param({"lr": [0.1]}, ".lr is [0.1] but must be a number", id="a list"),
        pytest.param({"lr": math.nan}, ".lr is NaN but must be from", id="no number"),
        pytest.param(
            {"lr": 2}, ".lr is 2 but must be from 0.0001 to 1.0: correct it", id="above max"
        ),
        pytest.param({"lr": 0}, ".lr is 0 but must be from 0.0001 to 1.0", id="below min"),
        pytest.param({"lr": 10**400}, "must be from 0.0001 to 1.0", id="beyond every float"),
        pytest.param(
            {"hidden": 40}, ".hidden is 40 but must be from 16 to 64 in steps of 16: use", id="step"
        ),
        pytest.param(
            {"depth": 2.4},
            ".depth is 2.4 but must be a whole number from 1 to 10: use 2",
            id="a fraction",
        ),
        pytest.param(
            {"depth": -3}, ".depth is -3 but must be a whole number from 1 to 10: use 1", id="low"
        ),
        pytest.param(
            {"share": 0.9},
            ".share is 0.9 but must be from 0.0 to 0.8 in steps of 0.2: use 0.8",
            id="max that no step reaches",
        ),
        pytest.param(
            {"activation": "relux"},
            '.activation is "relux" but must be one of relu, tanh, gelu',
            id="an unknown category",
        ),
        pytest.param(
            {"activation": 1},
            ".activation is 1 but must be a text: write it in quotes",
            id="number",
        ),
    ],
)
def test_a_value_that_the_parameter_cannot_take_is_refused(
    point: Mapping[str, Any], want: str
) -> None:
    [fault] = initial_trial_faults(spec_with({}, point))
    assert want in fault.message
    assert fault.message.startswith(fault.path)
    assert fault.path == f"spec.initialTrials[1].parameters.{next(iter(point))}"


@pytest.mark.parametrize(
    "point",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"lr": 1, "hidden": 64.0, "depth": 10}, id="whole numbers of either kind"),
        pytest.param({"lr": 0.0001, "share": 0.6000000000}, id="a bound and a step"),
        pytest.param({"lr": 0.012345678901234567}, id="more digits than the search uses"),
        pytest.param({"activation": "gelu"}, id="a category"),
    ],
)
def test_a_value_that_the_parameter_can_take_is_tried_as_it_is(point: Mapping[str, Any]) -> None:
    spec = spec_with(point)
    assert not initial_trial_faults(spec)
    [got] = initial_points(spec, seed=7)
    assert {name: got[name] for name in point} == dict(point)
    assert tuple(got) == build_space(spec.parameters).names
    assert type(got["lr"]) is float
    assert type(got["hidden"]) is int


def test_all_faults_are_told_at_once() -> None:
    faults = initial_trial_faults(spec_with({"lr": 2, "depth": 0}, {"lr": 0.1}, {"hidden": 1}))
    assert [fault.path.removeprefix("spec.") for fault in faults] == [
        "initialTrials[0].parameters.lr",
        "initialTrials[0].parameters.depth",
        "initialTrials[2].parameters.hidden",
    ]


@pytest.mark.parametrize(
    ("points", "want"),
    [
        pytest.param(
            [{"side": "left", "coin": "heads"}, {}, {"coin": "heads", "side": "left"}],
            "spec.initialTrials[2] repeats spec.initialTrials[0]: remove one of them",
            id="the same point twice",
        ),
        pytest.param(
            [{"side": "left"}, {"side": "left"}, {"side": "left"}],
            "spec.initialTrials[2] leaves no point for itself",
            id="three sets for two points",
        ),
        pytest.param([{}] * 5, "spec.initialTrials[4] leaves no point", id="more than there are"),
    ],
)
def test_points_that_cannot_differ_are_refused(
    points: Sequence[Mapping[str, Any]], want: str
) -> None:
    [fault] = initial_trial_faults(spec_with(*points, parameters=[SIDE, COIN]))
    assert want in fault.message
    assert fault.path == want[: len("spec.initialTrials[0]")]


def test_a_float_that_repeats_another_one_is_found_though_written_differently() -> None:
    points = [{"lr": 1, "activation": "relu"}, {"activation": "relu", "lr": 1.0}]
    [fault] = initial_trial_faults(spec_with(*points, parameters=[LEARNING_RATE, ACTIVATION]))
    assert "repeats spec.initialTrials[0]" in fault.message


@given(st.integers(0, 2**31 - 1))
def test_left_out_parameters_are_chosen_so_that_all_points_differ(seed: int) -> None:
    points = [{"side": "left"}, {"coin": "heads"}, {"side": "left"}, {}]
    spec = spec_with(*points, parameters=[SIDE, COIN])
    assert not initial_trial_faults(spec)
    got = initial_points(spec, seed=seed)
    assert len({tuple(point.items()) for point in got}) == 4
    assert [point["side"] for point in (got[0], got[2])] == ["left", "left"]
    assert got[1]["coin"] == "heads"


def test_points_drawn_in_a_huge_space_differ_and_depend_on_the_seed() -> None:
    spec = spec_with(*[{"depth": 3}] * 100)
    assert not initial_trial_faults(spec)
    first, second = (initial_points(spec, seed=seed) for seed in (1, 2))
    assert len({point["lr"] for point in (*first, *second)}) > 190
    assert first == initial_points(spec, seed=1)


def test_points_that_no_trial_has_yet_come_in_their_order() -> None:
    spec = spec_with({"hidden": 16}, {"hidden": 32}, {"hidden": 48}, parameters=[HIDDEN])
    points = initial_points(spec, seed=7)
    trials = [make_trial(i, parameters=point) for i, point in enumerate(points)]
    assert [*untried_points(spec, points, [])] == [*points]
    assert [*untried_points(spec, points, trials[:1])] == [*points[1:]]
    assert [*untried_points(spec, points, trials)] == []


def test_a_point_whose_trial_was_lost_is_still_to_be_tried() -> None:
    spec = spec_with({"hidden": 16}, {"hidden": 32}, parameters=[HIDDEN])
    kept = [make_trial(1, parameters={"hidden": 32}), make_trial(2, parameters={"hidden": 64})]
    assert [*untried_points(spec, initial_points(spec, seed=7), kept)] == [{"hidden": 16}]


def test_without_wanted_points_there_are_none_to_try() -> None:
    assert [*untried_points(make_spec(), [], [make_trial(3)])] == []
    assert [*untried_points(make_spec(), [], [])] == []
