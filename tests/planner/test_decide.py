from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from kubetune import planner
from kubetune.api.strategy import StrategyType
from kubetune.api.trial import TrialState
from kubetune.core.decision import Decision, Suggestion
from kubetune.core.trial import Trial
from kubetune.errors import StrategyError
from kubetune.planner import check, decide, plan
from kubetune.search import registry
from tests.core.builders import ACTIVATION, HIDDEN, START, make_spec, make_trial

PENDING, RUNNING, SUCCEEDED = TrialState.PENDING, TrialState.RUNNING, TrialState.SUCCEEDED
EARLY, FAILED = TrialState.EARLY_STOPPED, TrialState.FAILED


def ask(trials: Sequence[Trial], *, after: float = 0, **fields: Any) -> Decision:
    now = START + timedelta(seconds=after)
    return decide(make_spec(**fields), trials, seed=7, started_at=START, now=now)


def indices(decision: Decision) -> list[int]:
    return [suggestion.index for suggestion in decision.launch]


@pytest.mark.parametrize(
    ("trials", "limits", "want"),
    [
        pytest.param([], {"maxTrials": 9, "maxParallelTrials": 3}, [0, 1, 2], id="at the start"),
        pytest.param([], {"maxTrials": 2, "maxParallelTrials": 2}, [0, 1], id="a small job"),
        pytest.param(
            [make_trial(0), make_trial(1, PENDING)],
            {"maxTrials": 9, "maxParallelTrials": 3},
            [2],
            id="running and pending trials hold slots",
        ),
        pytest.param(
            [make_trial(0, SUCCEEDED, [1]), make_trial(1)],
            {"maxTrials": 9, "maxParallelTrials": 2},
            [2],
            id="a finished trial holds none",
        ),
        pytest.param(
            [make_trial(0, EARLY, [1], holds_slot=True), make_trial(1)],
            {"maxTrials": 9, "maxParallelTrials": 2},
            [],
            id="unless its pod is still there",
        ),
        pytest.param(
            [make_trial(0, FAILED), make_trial(1, SUCCEEDED, [1]), make_trial(2)],
            {"maxTrials": 4, "maxParallelTrials": 4},
            [3],
            id="failed trials count against the number of trials",
        ),
        pytest.param(
            [make_trial(0), make_trial(1), make_trial(2)],
            {"maxTrials": 9, "maxParallelTrials": 2},
            [],
            id="parallelism was lowered",
        ),
        pytest.param(
            [make_trial(0), make_trial(4)],
            {"maxTrials": 9, "maxParallelTrials": 4},
            [5, 6],
            id="missing indices are not used again",
        ),
        pytest.param(
            [make_trial(0, SUCCEEDED, [1]), make_trial(3, SUCCEEDED, [1])],
            {"maxTrials": 3, "maxParallelTrials": 3},
            [4],
            id="a missing trial is replaced under a new index",
        ),
    ],
)
def test_as_many_trials_are_launched_as_the_limits_allow(
    trials: list[Trial], limits: dict[str, int], want: list[int]
) -> None:
    got = ask(trials, limits=limits)
    assert indices(got) == want
    assert got.outcome is None
    assert got == ask(trials[::-1], limits=limits)


def test_a_finite_space_limits_the_launches() -> None:
    got = ask([], parameters=[ACTIVATION], limits={"maxTrials": 9, "maxParallelTrials": 9})
    assert indices(got) == [0, 1, 2]


def test_a_grid_needs_no_number_of_trials() -> None:
    got = ask([], strategy="Grid", parameters=[ACTIVATION], limits={"maxParallelTrials": 9})
    assert [s.parameters["activation"] for s in got.launch] == ["relu", "tanh", "gelu"]


def test_an_end_is_all_there_is_to_do() -> None:
    got = ask([make_trial(0)], stop=True, limits={"maxRuntime": "1h"})
    assert got.outcome is not None
    assert got == Decision(outcome=got.outcome)


def test_a_suspended_job_starts_and_stops_nothing() -> None:
    behind = [*(make_trial(i, EARLY, [0.9]) for i in range(2)), make_trial(2, RUNNING, [0.1])]
    fields: dict[str, Any] = {
        "strategy": "Hyperband",
        "limits": {"maxTrials": 9, "maxParallelTrials": 4, "maxRuntime": "1h"},
    }
    assert ask(behind, **fields).stop
    got = ask(behind, after=600, suspend=True, **fields)
    assert got == Decision(wake_after=timedelta(minutes=50))


def test_a_suspended_job_may_still_end() -> None:
    got = ask([], after=3600, suspend=True, limits={"maxRuntime": "1h"})
    assert got.outcome is not None
    assert got.outcome.reason == "NoTrialSucceeded"


@pytest.mark.parametrize(
    ("limits", "want"),
    [({"maxRuntime": "1h"}, timedelta(minutes=59)), ({}, None)],
)
def test_it_wakes_when_the_time_is_up(limits: dict[str, str], want: timedelta | None) -> None:
    assert ask([], after=60, limits=limits).wake_after == want


def test_stops_and_launches_come_together() -> None:
    trials = [*(make_trial(i, EARLY, [0.9]) for i in range(2)), make_trial(2, RUNNING, [0.1])]
    got = ask(trials, strategy="Hyperband", limits={"maxTrials": 9, "maxParallelTrials": 2})
    assert [stop.index for stop in got.stop] == [2]
    assert indices(got) == [3]


def test_early_stopping_auto_stops_by_the_median() -> None:
    trials = [*(make_trial(i, SUCCEEDED, [0.9]) for i in range(3)), make_trial(3, RUNNING, [0.1])]
    got = ask(
        trials, earlyStopping={"type": "Auto", "median": {"minStep": 1}}, limits={"maxTrials": 9}
    )
    assert [stop.evidence.rule for stop in got.stop] == ["median/v2"]


def test_a_strategy_that_cannot_answer_is_replaced_by_random_search_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def suggest(*_: object, **__: object) -> Sequence[Suggestion]:
        raise StrategyError("the matrix is singular")

    strategies = {**registry.STRATEGIES, StrategyType.GRID: suggest}
    monkeypatch.setattr(planner, "STRATEGIES", strategies)
    fields: dict[str, Any] = {
        "parameters": [HIDDEN, ACTIVATION],
        "limits": {"maxParallelTrials": 3},
    }
    got = ask([], strategy="Grid", **fields)
    assert got.fallback == "Grid could not answer: the matrix is singular"
    assert got.launch == ask([], strategy="Random", **fields).launch
    assert len(got.launch) == 3


def test_other_errors_of_a_strategy_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def suggest(*_: object, **__: object) -> Sequence[Suggestion]:
        raise ZeroDivisionError

    strategies = {**registry.STRATEGIES, StrategyType.RANDOM: suggest}
    monkeypatch.setattr(planner, "STRATEGIES", strategies)
    with pytest.raises(ZeroDivisionError):
        ask([])


def test_the_planner_also_checks_and_plans() -> None:
    spec = make_spec("Grid", parameters=[ACTIVATION], limits={"maxTrials": 2})
    assert [problem.reason for problem in check(spec)] == ["GridSizeMismatch"]
    assert plan(spec).status.combinations == 3
