from dataclasses import replace

import pytest

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import FinalValue, Goal, ObjectiveSpec
from kubetune.core.objective import (
    by_finish,
    final_value,
    incumbent,
    to_score,
    trials_since_improvement,
)
from kubetune.core.trial import Trial
from tests.core.builders import START, make_observations, make_trial

MAXIMIZE = ObjectiveSpec(metric="accuracy", goal=Goal.MAXIMIZE)
MINIMIZE = ObjectiveSpec(metric="loss", goal=Goal.MINIMIZE)

SUCCEEDED, EARLY, STOPPED = TrialState.SUCCEEDED, TrialState.EARLY_STOPPED, TrialState.STOPPED
FAILED, RUNNING = TrialState.FAILED, TrialState.RUNNING


def test_a_larger_score_is_better_whatever_the_goal() -> None:
    assert to_score(0.9, Goal.MAXIMIZE) > to_score(0.8, Goal.MAXIMIZE)
    assert to_score(0.8, Goal.MINIMIZE) > to_score(0.9, Goal.MINIMIZE)


@pytest.mark.parametrize("goal", list(Goal))
def test_the_score_of_a_score_is_the_value(goal: Goal) -> None:
    assert to_score(to_score(0.3, goal), goal) == 0.3


@pytest.mark.parametrize(
    ("which", "goal", "want"),
    [
        (FinalValue.LAST, Goal.MAXIMIZE, 0.5),
        (FinalValue.LAST, Goal.MINIMIZE, 0.5),
        (FinalValue.BEST, Goal.MAXIMIZE, 0.9),
        (FinalValue.BEST, Goal.MINIMIZE, 0.2),
    ],
)
def test_the_final_value_is_the_last_or_the_best(
    which: FinalValue, goal: Goal, want: float
) -> None:
    assert final_value(make_observations([0.2, 0.9, 0.5]), which, goal) == want
    assert final_value((), which, goal) is None


@pytest.mark.parametrize(
    ("trials", "want"),
    [
        pytest.param([], None, id="no trial"),
        pytest.param([make_trial(0, RUNNING, [0.9])], None, id="a running trial has no value yet"),
        pytest.param([make_trial(0, FAILED, value=0.9)], None, id="a failed trial never is"),
        pytest.param([make_trial(0, SUCCEEDED)], None, id="a trial that reported nothing"),
        pytest.param(
            [make_trial(0, SUCCEEDED, [0.8]), make_trial(1, SUCCEEDED, [0.9])], 1, id="the best"
        ),
        pytest.param(
            [make_trial(3, SUCCEEDED, [0.9]), make_trial(1, SUCCEEDED, [0.9])],
            1,
            id="among equals the lower index",
        ),
        pytest.param(
            [make_trial(0, EARLY, [0.95]), make_trial(1, SUCCEEDED, [0.9])],
            1,
            id="one that succeeded goes before a better one that was stopped",
        ),
        pytest.param(
            [make_trial(0, STOPPED, value=0.8), make_trial(1, EARLY, [0.7])],
            0,
            id="without any success the best that was stopped",
        ),
    ],
)
def test_the_incumbent_is_the_best_trial_that_has_a_result(
    trials: list[Trial], want: int | None
) -> None:
    for order in (trials, trials[::-1]):
        got = incumbent(order, MAXIMIZE)
        assert (got.index if got else None) == want


def test_the_incumbent_of_a_loss_is_the_smallest() -> None:
    trials = [make_trial(0, SUCCEEDED, [0.5]), make_trial(1, SUCCEEDED, [0.3])]
    got = incumbent(trials, MINIMIZE)
    assert got is trials[1]


def test_trials_are_ordered_by_their_end_and_then_by_index() -> None:
    trials = [
        make_trial(4, SUCCEEDED, finished=1),
        make_trial(1, SUCCEEDED, finished=9),
        make_trial(2, SUCCEEDED, finished=1),
        make_trial(0, RUNNING),
    ]
    assert [trial.index for trial in by_finish(trials)] == [2, 4, 1]


@pytest.mark.parametrize(
    ("values", "tolerance", "want"),
    [
        pytest.param([], 0.01, 0, id="nothing finished"),
        pytest.param([0.5], 0.01, 0, id="the first is an improvement"),
        pytest.param([0.5, 0.4, 0.5], 0.01, 2, id="worse and equal ones are none"),
        pytest.param([0.5, 0.504], 0.01, 1, id="better by less than the tolerance is none"),
        pytest.param([0.5, 0.506], 0.01, 0, id="better by more than the tolerance is one"),
        pytest.param([0.5, 0.504, 0.508], 0.01, 0, id="small gains add up"),
        pytest.param([0.5, 0.5000001], 0.0, 0, id="without tolerance any gain counts"),
        pytest.param([0.0, 1e-9], 0.5, 0, id="from zero any gain counts"),
        pytest.param([-1.0, -0.995], 0.01, 1, id="the tolerance is of the size, also below zero"),
        pytest.param([-1.0, -0.98], 0.01, 0, id="an improvement below zero"),
    ],
)
def test_trials_are_counted_since_the_last_improvement(
    values: list[float], tolerance: float, want: int
) -> None:
    trials = [make_trial(i, SUCCEEDED, [value]) for i, value in enumerate(values)]
    assert trials_since_improvement(trials, MAXIMIZE, tolerance) == want
    assert trials_since_improvement(trials[::-1], MAXIMIZE, tolerance) == want
    mirrored = [make_trial(i, SUCCEEDED, [-value]) for i, value in enumerate(values)]
    assert trials_since_improvement(mirrored, MINIMIZE, tolerance) == want


def test_improvements_follow_the_order_of_the_ends_not_of_the_indices() -> None:
    trials = [
        make_trial(0, SUCCEEDED, [0.5], finished=3),
        make_trial(1, SUCCEEDED, [0.9], finished=1),
        make_trial(2, SUCCEEDED, [0.6], finished=2),
    ]
    assert trials_since_improvement(trials, MAXIMIZE, 0.01) == 2


def test_early_stopped_trials_count_but_do_not_improve() -> None:
    trials = [make_trial(0, SUCCEEDED, [0.5]), make_trial(1, EARLY, [0.9])]
    assert trials_since_improvement(trials, MAXIMIZE, 0.01) == 1


def test_trials_before_the_first_success_and_without_a_value_do_not_count() -> None:
    trials = [
        make_trial(0, EARLY, [0.5]),
        make_trial(1, SUCCEEDED, [0.5]),
        make_trial(2, FAILED),
        make_trial(3, STOPPED, value=0.4),
        make_trial(4, FAILED, value=0.4),
    ]
    assert trials_since_improvement(trials, MAXIMIZE, 0.01) == 0


def test_paused_trials_count_while_their_rung_has_left_them_behind() -> None:
    paused = [
        replace(make_trial(i, TrialState.PAUSED, rungs={1: 0.4}), finished_at=START)
        for i in (1, 2, 3)
    ]
    trials = [replace(make_trial(0, SUCCEEDED, [0.5]), finished_at=START), *paused]
    assert trials_since_improvement(trials, MAXIMIZE, 0.01) == 0
    assert trials_since_improvement(trials, MAXIMIZE, 0.01, left_behind={1, 3}) == 2
