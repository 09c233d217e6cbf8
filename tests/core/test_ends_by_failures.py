"""A job ends when its first trials fail, or too many of them."""

from collections.abc import Mapping
from typing import Any

import pytest

from kubetune.api.trial import TrialState
from kubetune.core.decision import Outcome
from kubetune.core.trial import Trial
from tests.core.builders import make_trial
from tests.core.ending import BAD, EARLY, FAILED, SUCCEEDED, end, failures

SILENT = TrialState.METRICS_UNAVAILABLE


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
