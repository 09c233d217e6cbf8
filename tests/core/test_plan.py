from typing import Any

import pytest

from kubetune.api.tuningjob_status import PlanStatus, RungPlan
from kubetune.core.plan import Plan, Problem, check, plan
from tests.core.builders import ACTIVATION, HIDDEN, LEARNING_RATE, make_spec

GRID = [HIDDEN, ACTIVATION]
WIDE = {"type": "Integer", "min": 0, "max": 1000}


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(make_spec("Grid", parameters=GRID), id="a grid without maxTrials"),
        pytest.param(
            make_spec("Grid", parameters=GRID, limits={"maxTrials": 12}), id="a grid that fits"
        ),
        pytest.param(make_spec("Random", limits={"maxTrials": 5}), id="random"),
        pytest.param(
            make_spec("Random", parameters=GRID, limits={"maxTrials": 99}),
            id="random over fewer points than trials",
        ),
        pytest.param(make_spec("Hyperband"), id="hyperband"),
    ],
)
def test_a_spec_that_can_run_has_no_problem(spec: Any) -> None:
    assert check(spec) == ()


def test_a_grid_of_another_size_names_both_numbers_and_the_remedy() -> None:
    spec = make_spec("Grid", parameters=GRID, limits={"maxTrials": 10})
    assert check(spec) == (
        Problem(
            reason="GridSizeMismatch",
            message="the grid has 12 combinations but limits.maxTrials is 10; set limits.maxTrials "
            "to 12 or leave it out",
        ),
    )


def test_a_grid_may_have_a_hundred_thousand_combinations() -> None:
    exact = [{"name": "a", "type": "Integer", "min": 1, "max": 100_000}]
    assert check(make_spec("Grid", parameters=exact)) == ()


def test_a_grid_that_is_too_large_and_of_another_size_has_two_problems() -> None:
    spec = make_spec(
        "Grid",
        parameters=[{"name": "a", **WIDE}, {"name": "b", **WIDE}],
        limits={"maxTrials": 10},
    )
    problems = check(spec)
    assert [problem.reason for problem in problems] == ["GridTooLarge", "GridSizeMismatch"]
    assert "1002001 combinations, more than 100000" in problems[0].message


def test_a_grid_needs_a_step_for_every_float() -> None:
    (problem,) = check(make_spec("Grid", parameters=[LEARNING_RATE]))
    assert problem.reason == "GridNotFinite"
    assert "step" in problem.message


def test_a_search_space_that_contradicts_itself_is_a_problem() -> None:
    backwards = [{"name": "lr", "type": "Float", "min": 1, "max": 0}]
    (problem,) = check(make_spec(parameters=backwards))
    assert problem == Problem(reason="InvalidSearchSpace", message="parameter lr: needs min < max")


def test_the_plan_of_a_grid_is_its_size() -> None:
    assert plan(make_spec("Grid", parameters=GRID)) == Plan(
        status=PlanStatus(combinations=12, trials=12)
    )


def test_the_plan_of_a_random_search_over_an_infinite_space_is_its_limit() -> None:
    assert plan(make_spec(limits={"maxTrials": 20})) == Plan(status=PlanStatus(trials=20))


def test_a_space_that_is_smaller_than_max_trials_is_said_at_once() -> None:
    got = plan(make_spec(parameters=GRID, limits={"maxTrials": 20}))
    assert got.status.trials == got.status.combinations == 12
    assert got.note == (
        "The search space has only 12 points, fewer than limits.maxTrials (20); the job is "
        "complete when each was tried once."
    )
    assert plan(make_spec(parameters=GRID, limits={"maxTrials": 12})).note is None


def test_the_plan_of_hyperband_has_its_rungs_and_its_greatest_cost() -> None:
    settings = {"minResource": 1, "maxResource": 27, "reductionFactor": 3}
    got = plan(make_spec("Hyperband", hyperband=settings, limits={"maxTrials": 20}))
    assert got.status == PlanStatus(
        trials=20,
        rungs=[
            RungPlan(step=1, share="1/3"),
            RungPlan(step=3, share="1/3"),
            RungPlan(step=9, share="1/3"),
            RungPlan(step=27, share="end"),
        ],
        max_steps=540,
    )


def test_without_a_limit_the_greatest_cost_is_open() -> None:
    got = plan(make_spec("Hyperband"))
    assert (got.status.trials, got.status.max_steps) == (None, None)


def test_a_count_that_json_cannot_hold_exactly_is_left_out() -> None:
    wide = {"type": "Integer", "min": 0, "max": 2**53}
    got = plan(
        make_spec(
            parameters=[{"name": "a", **wide}, {"name": "b", **wide}], limits={"maxTrials": 5}
        )
    )
    assert got == Plan(status=PlanStatus(trials=5))
