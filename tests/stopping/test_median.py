from collections.abc import Sequence
from typing import Any

import pytest

from kubetune.api.trial import TrialState
from kubetune.core.decision import Evidence, StopTrial
from kubetune.core.trial import Trial
from kubetune.stopping.median import stop_below_median
from tests.core.builders import make_spec, make_trial

RUNNING, SUCCEEDED = TrialState.RUNNING, TrialState.SUCCEEDED

COMPLETED = [
    make_trial(0, SUCCEEDED, [0.0, 0.2, 0.4]),  # running averages 0, 0.1, 0.2
    make_trial(1, SUCCEEDED, [0.4, 0.6, 0.8]),  # 0.4, 0.5, 0.6
    make_trial(2, SUCCEEDED, [0.6, 0.8, 1.0]),  # 0.6, 0.7, 0.8
]


def stopped(trials: Sequence[Trial], **fields: Any) -> list[int]:
    spec = make_spec("Random", earlyStopping={"type": "Auto"}, **fields)
    got = stop_below_median(spec, trials)
    assert got == stop_below_median(spec, trials[::-1]), "the order of the trials must not matter"
    return [stop.index for stop in got]


@pytest.mark.parametrize(
    ("values", "want"),
    [
        pytest.param([0.3], True, id="below the median of the first step"),
        pytest.param([0.4], False, id="exactly the median"),
        pytest.param([0.9, 0.49], True, id="below the median of the second step, 0.5"),
        pytest.param([0.0, 0.51], False, id="only the present value counts, not the history"),
        pytest.param({9: 0.59}, True, id="past the end of all others their whole average counts"),
        pytest.param({9: 0.61}, False, id="past the end of all others and better"),
        pytest.param({0: 0.0}, False, id="before anybody else had reported"),
        pytest.param([], False, id="nothing reported"),
    ],
)
def test_a_trial_below_the_median_of_running_averages_is_stopped(values: Any, want: bool) -> None:  # noqa: FBT001 - a column of a table
    assert stopped([*COMPLETED, make_trial(3, RUNNING, values)]) == ([3] if want else [])


def test_the_evidence() -> None:
    spec = make_spec("Random", earlyStopping={"type": "Auto"})
    (got,) = stop_below_median(spec, [*COMPLETED, make_trial(3, RUNNING, [0.9, 0.25])])
    assert got == StopTrial(
        index=3,
        reason="accuracy 0.25 at step 2 is worse than 0.5, the median of the running averages of "
        "3 completed trials there",
        evidence=Evidence(rule="median/v1", step=2, value=0.25, threshold=0.5, population=4),
    )


def test_a_smaller_loss_is_better() -> None:
    trials = [*COMPLETED, make_trial(3, RUNNING, [0.3]), make_trial(4, RUNNING, [0.5])]
    assert stopped(trials, goal="Minimize") == [4]


def test_two_completed_trials_are_too_few() -> None:
    assert stopped([*COMPLETED[:2], make_trial(3, RUNNING, [0.0])]) == []


@pytest.mark.parametrize("state", [s for s in TrialState if s is not SUCCEEDED])
def test_trials_that_did_not_run_to_their_end_do_not_count(state: TrialState) -> None:
    trials = [*COMPLETED[:2], make_trial(2, state, [0.6]), make_trial(3, RUNNING, [0.0])]
    assert 3 not in stopped(trials)


def test_a_completed_trial_that_began_to_report_later_does_not_count() -> None:
    trials = [*COMPLETED[:2], make_trial(2, SUCCEEDED, {2: 0.6}), make_trial(3, RUNNING, [0.0])]
    assert stopped(trials) == []


@pytest.mark.parametrize(("value", "want"), [("Last", [3]), ("Best", [])])
def test_with_the_best_value_the_best_step_is_compared(value: str, want: list[int]) -> None:
    assert stopped([*COMPLETED, make_trial(3, RUNNING, [0.9, 0.1])], value=value) == want


def test_every_running_trial_is_judged_at_its_own_step() -> None:
    trials = [*COMPLETED, make_trial(3, RUNNING, [0.45]), make_trial(4, RUNNING, [0.4, 0.45])]
    assert stopped(trials) == [4]
