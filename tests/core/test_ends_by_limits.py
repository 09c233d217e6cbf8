"""A job ends when its trials, its points, its time or its GPU-hours are used up."""

from datetime import timedelta

import pytest

from kubetune.api.trial import TrialState
from kubetune.core.decision import Outcome, OutcomeKind
from kubetune.core.ends import time_left
from kubetune.core.trial import Trial
from tests.core.builders import START, make_spec, make_trial
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
    whole_end,
)


@pytest.mark.parametrize(
    ("states", "want"),
    [
        pytest.param([SUCCEEDED, EARLY, FAILED], "MaxTrialsReached", id="all ended"),
        pytest.param([SUCCEEDED, EARLY, RUNNING], None, id="one is running"),
        pytest.param([SUCCEEDED, EARLY, PENDING], None, id="one is pending"),
        pytest.param([SUCCEEDED, EARLY], None, id="one is missing"),
        pytest.param([SUCCEEDED] * 4, "MaxTrialsReached", id="the limit was lowered"),
        pytest.param([SUCCEEDED] * 3 + [RUNNING], None, id="lowered while one is running"),
    ],
)
def test_all_trials_were_made_and_have_ended(states: list[TrialState], want: str | None) -> None:
    trials = [make_trial(i, state, [0.5]) for i, state in enumerate(states)]
    got = end(trials, limits={"maxTrials": 3})
    assert (got and got.reason) == want
    if got is not None:
        assert got.kind is COMPLETE
        assert got.message == f"{len(states)} trials have ended (limits.maxTrials is 3)."


def test_an_exhausted_space_is_told_before_the_number_of_trials() -> None:
    trials = [make_trial(i, SUCCEEDED, [0.5]) for i in range(4)]
    got = end(trials, combinations=4, limits={"maxTrials": 4})
    assert got == Outcome(
        kind=COMPLETE, reason="SearchSpaceExhausted", message="All 4 combinations were tried."
    )
    assert end(trials, combinations=5, limits={"maxTrials": 9}) is None
    assert end([*trials[:3], make_trial(3, RUNNING)], combinations=4) is None


@pytest.mark.parametrize(
    ("after", "want"), [(3599, None), (3600, "MaxRuntimeReached"), (9999, "MaxRuntimeReached")]
)
def test_the_time_is_up(after: float, want: str | None) -> None:
    trials = [make_trial(0, RUNNING, [0.5])]
    got = end(trials, after=after, limits={"maxRuntime": "1h"})
    assert (got and got.reason) == want
    if got is not None:
        assert got.kind is COMPLETE
        assert got.message == "The job has run for 1h (limits.maxRuntime)."


def test_the_time_left_counts_from_the_start_of_the_run() -> None:
    now = START + timedelta(minutes=50)
    spec = make_spec(limits={"maxRuntime": "1h"})
    assert time_left(spec, [], started_at=START, now=now) == timedelta(minutes=10)
    assert time_left(make_spec(), [], started_at=START, now=now) is None


def test_the_time_left_ends_with_the_gpu_hours_if_they_are_used_up_first() -> None:
    now = START + timedelta(minutes=50)
    template = {"template": GPU_TEMPLATE}
    spec = make_spec(limits={"maxRuntime": "1h", "maxGpuHours": 2}, trial=template)
    running = [make_trial(0, RUNNING)]
    assert time_left(spec, running, started_at=START, now=now) == timedelta(minutes=10)
    running.append(make_trial(1, RUNNING))
    later = now - timedelta(minutes=22)
    assert time_left(spec, running, started_at=START, now=later) == timedelta(minutes=2)


@pytest.mark.parametrize(
    ("after", "trials", "want"),
    [
        pytest.param(899, [make_trial(0, RUNNING, [0.5])], None, id="not yet"),
        pytest.param(900, [make_trial(0, RUNNING, [0.5])], COMPLETE, id="now"),
        pytest.param(900, [make_trial(0, RUNNING)], BAD, id="and nothing has come of it"),
        pytest.param(900, [make_trial(0, PENDING)], None, id="waiting costs nothing"),
        pytest.param(
            0, [make_trial(0, SUCCEEDED, [0.5], gpu_seconds=1800)], COMPLETE, id="all have ended"
        ),
        pytest.param(
            0, [make_trial(0, FAILED, gpu_seconds=1800)], BAD, id="a failed trial costs as much"
        ),
        pytest.param(
            300,
            [make_trial(0, RUNNING, [0.5], gpu_seconds=1200)],
            COMPLETE,
            id="with what its earlier attempts used",
        ),
    ],
)
def test_the_gpu_hours_are_used_up(
    after: float, trials: list[Trial], want: OutcomeKind | None
) -> None:
    limits = {"maxGpuHours": 0.5}
    got = whole_end(trials, after=after, limits=limits, trial={"template": GPU_TEMPLATE})
    assert (got and got.kind) is want
    if got is not None:
        assert got.reason == ("MaxGpuHoursReached" if want is COMPLETE else "NoTrialSucceeded")
        assert "The trials have used 0.5 GPU-hours (limits.maxGpuHours is 0.5)." in got.message
