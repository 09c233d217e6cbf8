"""Ends that a user wishes for, ends without a result, and which of several ends is told."""

from dataclasses import replace
from typing import Any

import pytest

from kubetune.api.trial import TrialState
from kubetune.core.decision import Outcome
from tests.core.builders import make_trial
from tests.core.ending import (
    BAD,
    COMPLETE,
    EARLY,
    FAILED,
    GPU_TEMPLATE,
    PENDING,
    RUNNING,
    SUCCEEDED,
    end,
    failures,
)


def test_a_job_without_limits_and_wishes_goes_on() -> None:
    assert end([]) is None
    assert end([make_trial(0, SUCCEEDED, [0.5]), make_trial(1, RUNNING)], after=1e7) is None


def test_a_user_stops_the_job() -> None:
    got = end([make_trial(0, RUNNING)], stop=True)
    assert got == Outcome(
        kind=COMPLETE,
        reason="StoppedByUser",
        message="The job was stopped by its user (spec.stop).",
    )


TARGETS: list[Any] = [
    pytest.param("Maximize", 0.9, SUCCEEDED, 0.9, True, id="reached exactly"),
    pytest.param("Maximize", 0.9, SUCCEEDED, 0.89, False, id="missed"),
    pytest.param("Minimize", 0.1, SUCCEEDED, 0.05, True, id="a smaller loss"),
    pytest.param("Minimize", 0.1, SUCCEEDED, 0.11, False, id="a larger loss"),
    pytest.param("Maximize", 0.9, EARLY, 0.95, True, id="by one that was stopped"),
    pytest.param("Maximize", 0.9, RUNNING, 0.95, False, id="a running trial may get worse again"),
    pytest.param("Maximize", 0.0, SUCCEEDED, 0.0, True, id="a target of zero is a target"),
]


@pytest.mark.parametrize(("goal", "target", "state", "value", "want"), TARGETS)
def test_a_target_is_reached_by_a_value_that_a_finished_trial_keeps(
    goal: str, target: float, state: TrialState, value: float, *, want: bool
) -> None:
    trials = [make_trial(3, state, [value])]
    got = end(trials, goal=goal, completion={"target": target})
    assert (got is not None) is want
    if got is not None:
        assert (got.kind, got.reason) == (COMPLETE, "TargetReached")
        assert got.message == (
            f"Trial digits-3 reached accuracy {value:g}; the target is {target:g}."
        )


def test_no_trial_reaches_a_target_without_a_value() -> None:
    assert end([make_trial(0, SUCCEEDED)], completion={"target": 0.5}) is None


def test_a_job_ends_when_nothing_has_improved_for_too_long() -> None:
    trials = [make_trial(i, SUCCEEDED, [value]) for i, value in enumerate([0.5, 0.9, 0.9, 0.8])]
    wish = {"notImproving": {"trials": 2, "tolerance": 0.05}}
    got = end(trials, completion=wish)
    assert got == Outcome(
        kind=COMPLETE,
        reason="NotImproving",
        message="The last 2 trials did not improve accuracy by more than 0.05 of its size "
        "(completion.notImproving.trials is 2).",
    )
    assert end(trials[:3], completion=wish) is None


@pytest.mark.parametrize(
    ("fields", "combinations", "words"),
    [
        pytest.param({"limits": {"maxTrials": 3}}, None, "3 trials have ended", id="trials"),
        pytest.param({}, 3, "All 3 combinations", id="combinations"),
        pytest.param({"limits": {"maxRuntime": "1m"}}, None, "has run for 1m", id="time"),
    ],
)
def test_an_end_without_any_value_is_a_failure(
    fields: dict[str, Any], combinations: int | None, words: str
) -> None:
    got = end(failures(3), combinations=combinations, **fields)
    assert got is not None
    assert (got.kind, got.reason) == (BAD, "NoTrialSucceeded")
    assert words in got.message
    assert got.message.endswith("No trial has a value of accuracy.")


@pytest.mark.parametrize(
    ("state", "want"),
    [
        pytest.param(FAILED, "NoTrialSucceeded", id="what a failed trial reported is no result"),
        pytest.param(RUNNING, "MaxRuntimeReached", id="a running trial keeps what it reported"),
        pytest.param(EARLY, "MaxRuntimeReached", id="a trial that was stopped early has a value"),
    ],
)
def test_a_result_is_a_value_that_a_trial_keeps(state: TrialState, want: str) -> None:
    trials = [make_trial(0, state, [0.5]), make_trial(1, PENDING)]
    got = end(trials, limits={"maxRuntime": "1m"})
    assert got is not None
    assert got.reason == want


def test_of_several_ends_that_hold_at_once_the_first_in_order_is_told() -> None:
    """Everything holds; taking away the first end shows the next one."""
    trials = [make_trial(0, SUCCEEDED, [0.9]), make_trial(1, SUCCEEDED, [0.1])]
    bad = failures(2)
    every: dict[str, Any] = {
        "stop": True,
        "completion": {"target": 0.5, "notImproving": {"trials": 1}},
        "limits": {
            "maxTrials": 2,
            "maxParallelTrials": 2,
            "maxFailedTrials": 0,
            "maxInitialFailures": 1,
            "maxRuntime": "1m",
        },
    }
    told = []
    for change in (
        {},
        {"stop": False},
        {"completion": {"notImproving": {"trials": 1}}},
        {"limits": {"maxTrials": 2, "maxParallelTrials": 2, "maxRuntime": "1m"}},
    ):
        every |= change
        told.append(end(trials, combinations=2, **every))
    told.append(end(trials, **every))
    every["limits"] = {"maxRuntime": "1m"}
    told.append(end(trials, **every))
    every["trial"] = {"template": GPU_TEMPLATE}
    del every["completion"]
    told.append(end(trials, **every))
    every["limits"] = {"maxRuntime": "1m", "maxGpuHours": 0.01}
    told.append(end([replace(trials[0], gpu_seconds=36)], **every))
    assert [got and got.reason for got in told] == [
        "StoppedByUser",
        "TargetReached",
        "SearchSpaceExhausted",
        "SearchSpaceExhausted",
        "MaxTrialsReached",
        "NotImproving",
        "MaxRuntimeReached",
        "MaxGpuHoursReached",
    ]
    limits = {"maxFailedTrials": 0, "maxInitialFailures": 1, "maxTrials": 2}
    got = end(bad, combinations=2, limits=limits)
    assert got is not None
    assert got.reason == "FirstTrialsFailed"
    got = end(bad, combinations=2, limits=limits | {"maxInitialFailures": 0})
    assert got is not None
    assert got.reason == "TooManyFailedTrials"
