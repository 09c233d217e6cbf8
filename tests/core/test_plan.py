from typing import Any

import pytest

from kubetune.api.strategy import HyperbandSettings
from kubetune.api.tuningjob_status import MaxResourcePlan, PlanStatus, RungPlan
from kubetune.core.plan import Plan, Problem, check, plan, share_used
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
    settings = {"minResource": 1, "maxResource": 27, "reductionFactor": 3, "brackets": 1}
    got = plan(make_spec("Hyperband", hyperband=settings, limits={"maxTrials": 20}))
    assert got.status == PlanStatus(
        trials=20,
        max_resource=MaxResourcePlan(steps=27),
        rungs=[
            RungPlan(step=1, share="1/3"),
            RungPlan(step=3, share="1/3"),
            RungPlan(step=9, share="1/3"),
            RungPlan(step=27, share="end"),
        ],
        max_steps=540,
        expected_steps=60,
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


def test_a_limit_beyond_counting_bounds_nothing() -> None:
    wide = {"type": "Integer", "min": 0, "max": 2**53}
    both = [{"name": "a", **wide}, {"name": "b", **wide}]
    got = plan(make_spec("Hyperband", parameters=both, limits={"maxRuntime": "1h"})).status
    assert (got.combinations, got.trials, got.max_steps, got.expected_steps) == (None,) * 4


@pytest.mark.parametrize(
    ("settings", "want"),
    [
        pytest.param({"maxResource": 27, "brackets": 1}, 3 / 27, id="1 + 2/3 + 6/9 + 18/27 steps"),
        pytest.param(
            {"maxResource": 2, "reductionFactor": 2, "brackets": 1}, 0.75, id="1 + 1/2 steps"
        ),
        pytest.param(
            {"minResource": 9, "maxResource": 10, "brackets": 1},
            (9 + 1 / 3) / 10,
            id="a short last",
        ),
        pytest.param(
            # Brackets of 9 and 3 trials: 1 + 2/3 + 6/9 steps and 3 + 6/3 steps.
            {"maxResource": 9, "brackets": 2},
            (9 * (7 / 3) + 3 * 5) / 12 / 9,
            id="two brackets by their sizes",
        ),
    ],
)
def test_the_share_of_its_steps_that_a_trial_uses(settings: dict[str, int], want: float) -> None:
    assert share_used(HyperbandSettings.model_validate(settings)) == pytest.approx(want)


DEADLINE = {"activeDeadlineSeconds": 1800}


@pytest.mark.parametrize(
    ("gpus", "job", "fields", "want"),
    [
        pytest.param(0, DEADLINE, {"limits": {"maxTrials": 4}}, None, id="no GPU"),
        pytest.param(2, {}, {"limits": {"maxTrials": 4}}, None, id="no bound"),
        pytest.param(2, {}, {"limits": {"maxGpuHours": 7.5}}, 7.5, id="the limit itself"),
        pytest.param(
            2,
            {},
            {"limits": {"maxRuntime": "3h", "maxParallelTrials": 4}},
            24,
            id="all places for all of the time",
        ),
        pytest.param(2, DEADLINE, {"limits": {"maxTrials": 4}}, 4, id="each trial to its deadline"),
        pytest.param(2, DEADLINE, {"limits": {"maxRuntime": "3h"}}, 6, id="trials are open"),
        pytest.param(
            2,
            DEADLINE,
            {"limits": {"maxTrials": 4, "maxRuntime": "3h", "maxGpuHours": 5}},
            4,
            id="the least of all",
        ),
    ],
)
def test_the_plan_says_the_gpu_hours_at_most(
    gpus: int, job: dict[str, Any], fields: dict[str, Any], want: float | None
) -> None:
    resources = {"limits": {"nvidia.com/gpu": gpus}}
    pod = {"containers": [{"name": "train", "resources": resources}]}
    got = plan(
        make_spec(**fields, trial={"template": {"spec": {"template": {"spec": pod}, **job}}})
    )
    assert got.status.max_gpu_hours == want
    assert got.status.expected_gpu_hours is None


def test_rungs_leave_a_part_of_the_gpu_hours() -> None:
    pod = {
        "containers": [{"name": "train", "resources": {"limits": {"nvidia.com/gpu": 1}}}],
        "activeDeadlineSeconds": 3600,
    }
    got = plan(
        make_spec(
            "Hyperband",
            hyperband={"maxResource": 27, "brackets": 1},
            limits={"maxTrials": 27},
            trial={"template": {"spec": {"template": {"spec": pod}}}},
        )
    )
    assert got.status.max_gpu_hours == 27
    assert got.status.expected_gpu_hours == pytest.approx(3)
