from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kubetune.api.trial import TrialState
from kubetune.core.decision import EndEvidence, Outcome, OutcomeKind
from kubetune.core.ends import find_end, time_left
from kubetune.core.trial import Trial
from tests.core.builders import START, make_spec, make_trial

PENDING, RUNNING, FAILED = TrialState.PENDING, TrialState.RUNNING, TrialState.FAILED
SUCCEEDED, EARLY = TrialState.SUCCEEDED, TrialState.EARLY_STOPPED
SILENT = TrialState.METRICS_UNAVAILABLE
COMPLETE, BAD = OutcomeKind.COMPLETE, OutcomeKind.FAILED


GPU_TEMPLATE = {
    "spec": {
        "template": {
            "spec": {
                "containers": [{"name": "train", "resources": {"limits": {"nvidia.com/gpu": 2}}}]
            }
        }
    }
}


def end(trials: list[Trial], **world: Any) -> Outcome | None:
    """The end without its numbers, which have tests of their own."""
    got = whole_end(trials, **world)
    return got and replace(got, evidence=None)


def whole_end(
    trials: list[Trial], *, after: float = 60, combinations: int | None = None, **fields: Any
) -> Outcome | None:
    got = [
        find_end(
            make_spec(**fields),
            order,
            combinations=combinations,
            started_at=START,
            now=START + timedelta(seconds=after),
        )
        for order in (trials, trials[::-1])
    ]
    assert got[0] == got[1], "the order of the trials must not matter"
    return got[0]


def failures(count: int) -> list[Trial]:
    return [make_trial(i, FAILED) for i in range(count)]


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
def test_the_target(goal: str, target: float, state: TrialState, value: float, want: bool) -> None:  # noqa: FBT001 - a column of a table
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


def test_the_first_trials_fail() -> None:
    got = end(failures(5))
    assert got == Outcome(
        kind=BAD,
        reason="FirstTrialsFailed",
        message="The first 5 trials that ended have failed (limits.maxInitialFailures is 5).",
    )


@pytest.mark.parametrize(
    ("trials", "limits"),
    [
        pytest.param(failures(4), {}, id="too few to tell"),
        pytest.param(failures(9), {"maxInitialFailures": 0}, id="switched off"),
        pytest.param(failures(5), {"maxInitialFailures": 6}, id="a higher limit"),
        pytest.param([*failures(5), make_trial(5, SUCCEEDED, [0.1])], {}, id="one succeeded"),
        pytest.param([*failures(5), make_trial(5, EARLY, [0.1])], {}, id="one was stopped early"),
    ],
)
def test_the_first_trials_do_not_end_the_job(
    trials: list[Trial], limits: Mapping[str, Any]
) -> None:
    assert end(trials, limits=limits) is None


def test_trials_without_a_metric_are_failures() -> None:
    trials = [make_trial(i, SILENT if i % 2 else FAILED) for i in range(5)]
    got = end(trials)
    assert got is not None
    assert got.reason == "FirstTrialsFailed"


@pytest.mark.parametrize(
    ("allowed", "failed", "want"),
    [
        pytest.param(2, 2, None, id="as many as are allowed"),
        pytest.param(2, 3, "TooManyFailedTrials", id="one more"),
        pytest.param(0, 1, "TooManyFailedTrials", id="none is allowed"),
        pytest.param(None, 99, None, id="no limit"),
    ],
)
def test_too_many_trials_fail(allowed: int | None, failed: int, want: str | None) -> None:
    trials = [*failures(failed), make_trial(failed, SUCCEEDED, [0.5])]
    limits = {} if allowed is None else {"maxFailedTrials": allowed}
    got = end(trials, limits=limits)
    assert (got and got.reason) == want
    if got is not None:
        assert got.kind is BAD
        assert got.message == (
            f"{failed} trials have failed (limits.maxFailedTrials is {allowed})."
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


def test_no_improvement_for_too_long() -> None:
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
    ("after", "want"), [(3599, None), (3600, "MaxRuntimeReached"), (9999, "MaxRuntimeReached")]
)
def test_the_time_is_up(after: float, want: str | None) -> None:
    trials = [make_trial(0, RUNNING, [0.5])]
    got = end(trials, after=after, limits={"maxRuntime": "1h"})
    assert (got and got.reason) == want
    if got is not None:
        assert got.kind is COMPLETE
        assert got.message == "The job has run for 1h (limits.maxRuntime)."


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


def test_the_order_of_the_ends_that_hold_at_once() -> None:
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


IMPROVED = [make_trial(i, SUCCEEDED, [value]) for i, value in enumerate([0.9, 0.5, 0.4])]


@pytest.mark.parametrize(
    ("trials", "fields", "want"),
    [
        pytest.param(
            IMPROVED,
            {"completion": {"target": 0.8}},
            EndEvidence(
                rule="target/v1",
                measure="objective",
                value=0.9,
                threshold=0.8,
                population=3,
                trial="digits-0",
            ),
            id="target",
        ),
        pytest.param(
            failures(5),
            {},
            EndEvidence(
                rule="first-failures/v1",
                measure="failedTrials",
                value=5,
                threshold=5,
                population=5,
            ),
            id="first failures",
        ),
        pytest.param(
            [*IMPROVED, make_trial(3, FAILED)],
            {"limits": {"maxFailedTrials": 0}},
            EndEvidence(
                rule="failures/v1", measure="failedTrials", value=1, threshold=0, population=4
            ),
            id="failures",
        ),
        pytest.param(
            IMPROVED,
            {"combinations": 3},
            EndEvidence(
                rule="combinations/v1", measure="trials", value=3, threshold=3, population=3
            ),
            id="combinations",
        ),
        pytest.param(
            IMPROVED,
            {"limits": {"maxTrials": 2}},
            EndEvidence(rule="trials/v1", measure="trials", value=3, threshold=2, population=3),
            id="trials",
        ),
        pytest.param(
            [*IMPROVED, make_trial(3, RUNNING)],
            {"completion": {"notImproving": {"trials": 2}}},
            EndEvidence(
                rule="not-improving/v1",
                measure="trialsSinceImprovement",
                value=2,
                threshold=2,
                population=3,
            ),
            id="no improvement",
        ),
        pytest.param(
            IMPROVED,
            {"limits": {"maxRuntime": "30s"}},
            EndEvidence(rule="runtime/v1", measure="seconds", value=60, threshold=30, population=3),
            id="time",
        ),
        pytest.param(
            [make_trial(0, SUCCEEDED, [0.5], gpu_seconds=3600)],
            {"limits": {"maxGpuHours": 0.25}, "trial": {"template": GPU_TEMPLATE}},
            EndEvidence(
                rule="gpu-hours/v1", measure="gpuHours", value=1, threshold=0.25, population=1
            ),
            id="GPU-hours",
        ),
        pytest.param(IMPROVED, {"stop": True}, None, id="a wish has no numbers"),
    ],
)
def test_the_numbers_behind_an_end(
    trials: list[Trial], fields: dict[str, Any], want: EndEvidence | None
) -> None:
    got = whole_end(trials, **fields)
    assert got is not None
    assert got.evidence == want
