from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubetune.api.trial import TrialState
from kubetune.core.decision import Evidence, StopTrial
from kubetune.core.trial import Trial
from kubetune.stopping.median import running_averages, stop_below_median
from tests.core.builders import make_observations, make_spec, make_trial

RUNNING, SUCCEEDED = TrialState.RUNNING, TrialState.SUCCEEDED

COMPLETED = [
    make_trial(0, SUCCEEDED, [0.0, 0.2, 0.4]),  # running averages 0, 0.1, 0.2
    make_trial(1, SUCCEEDED, [0.4, 0.6, 0.8]),  # 0.4, 0.5, 0.6
    make_trial(2, SUCCEEDED, [0.6, 0.8, 1.0]),  # 0.6, 0.7, 0.8
]


def stopped(
    trials: Sequence[Trial], median: Mapping[str, Any] | None = None, **fields: Any
) -> list[int]:
    """Indices of the trials that are stopped; unless it is said otherwise at the first step too."""
    auto = {"type": "Auto", "median": {"minStep": 0} if median is None else median}
    spec = make_spec("Random", earlyStopping=auto, **fields)
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


def test_a_stop_carries_the_numbers_that_a_person_can_check() -> None:
    auto = {"type": "Auto", "median": {"minStep": 2}}
    spec = make_spec("Random", earlyStopping=auto)
    (got,) = stop_below_median(spec, [*COMPLETED, make_trial(3, RUNNING, [0.9, 0.25])])
    assert got == StopTrial(
        index=3,
        reason="accuracy 0.25 at step 2 is worse than 0.5, the median of the running averages of "
        "3 completed trials there",
        evidence=Evidence(rule="median/v2", step=2, value=0.25, threshold=0.5, population=4),
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


@pytest.mark.parametrize(
    ("completed", "step", "median", "want"),
    [
        pytest.param(3, 4, {}, True, id="by default three completed trials and step four do"),
        pytest.param(2, 4, {}, False, id="by default two completed trials do not"),
        pytest.param(3, 3, {}, False, id="by default step three does not"),
        pytest.param(3, 1, {"minStep": 1}, True, id="the first step if it is asked for"),
        pytest.param(3, 0, {"minStep": 0}, True, id="a step zero if it is asked for"),
        pytest.param(3, 0, {"minStep": 1}, False, id="no step zero before the first"),
        pytest.param(1, 4, {"minTrials": 1}, True, id="one completed trial if that is enough"),
        pytest.param(1, 4, {"minTrials": 0}, True, id="zero asks for no more than a median"),
        pytest.param(0, 4, {"minTrials": 0}, False, id="nobody has no median"),
        pytest.param(3, 9, {"minTrials": 4}, False, id="one completed trial too few"),
        pytest.param(3, 99, {"minStep": 100}, False, id="one step too few"),
    ],
)
def test_nobody_is_judged_before_enough_trials_and_steps(
    completed: int, step: int, median: Mapping[str, Any], *, want: bool
) -> None:
    done = [make_trial(i, SUCCEEDED, {0: 0.5, 1: 0.5}) for i in range(completed)]
    trials = [*done, make_trial(3, RUNNING, {step: 0.4})]
    assert stopped(trials, median=median) == ([3] if want else [])


@pytest.mark.parametrize(
    ("compare", "value", "values", "want"),
    [
        pytest.param("Current", "Last", [0.9, 0.1], True, id="a dip counts"),
        pytest.param("Best", "Last", [0.9, 0.1], False, id="the best so far forgives a dip"),
        pytest.param("RunningAverage", "Last", [0.9, 0.1], False, id="an average of exactly 0.5"),
        pytest.param("RunningAverage", "Last", [0.8, 0.1], True, id="an average of 0.45"),
        pytest.param("Current", "Best", [0.9, 0.1], True, id="current though the best counts"),
        pytest.param(None, "Best", [0.9, 0.1], False, id="by default what would be its value"),
        pytest.param(None, "Last", [0.9, 0.1], True, id="by default its last value"),
    ],
)
def test_compare_says_which_value_of_a_trial_is_judged(
    compare: str | None,
    value: str,
    values: list[float],
    want: bool,  # noqa: FBT001 - a column of a table
) -> None:
    median = {"minStep": 0, **({} if compare is None else {"compare": compare})}
    trials = [*COMPLETED, make_trial(3, RUNNING, values)]
    assert stopped(trials, median=median, value=value) == ([3] if want else [])


@pytest.mark.parametrize(
    ("values", "want"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([0.5], [0.5], id="one"),
        pytest.param([0.0, 0.2, 0.7], [0.0, 0.1, 0.3], id="every step"),
        pytest.param({0: 0.0, 1: 1.0}, [0.0, 0.5], id="from step zero"),
        pytest.param({10: 0.0, 20: 1.0}, [0.0, 0.5], id="every tenth step"),
        pytest.param({1: 0.0, 2: 0.0, 4: 1.0}, [0.0, 0.0, 0.5], id="a step that was thinned away"),
        pytest.param({100: 0.0, 101: 1.0}, [0.0, 0.5], id="from a checkpoint"),
    ],
)
def test_the_running_average_weighs_each_report_by_its_steps(
    values: Any, want: list[float]
) -> None:
    assert running_averages(make_observations(values)) == pytest.approx(want)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.integers(1, 50))
def test_evenly_spaced_reports_count_the_same_and_stay_within_what_was_reported(
    values: list[float], gap: int
) -> None:
    seen = make_observations({gap * (k + 1): value for k, value in enumerate(values)})
    got = running_averages(seen)
    assert got[-1] == pytest.approx(sum(values) / len(values), abs=1e-6)
    assert all(min(values) - 1e-6 <= average <= max(values) + 1e-6 for average in got)


@given(
    st.lists(st.floats(-1, 1), min_size=1, max_size=8),
    st.floats(-1, 1),
    st.floats(0, 1),
    st.sampled_from(["Current", "Best", "RunningAverage"]),
)
def test_who_is_better_is_not_stopped_where_a_worse_one_is_not(
    completed: list[float], worse: float, gain: float, compare: str
) -> None:
    trials = [make_trial(i, SUCCEEDED, [value] * 4) for i, value in enumerate(completed)]
    median = {"minTrials": 0, "minStep": 0, "compare": compare}
    running = len(trials)
    better = [*trials, make_trial(running, RUNNING, [worse + gain] * 4)]
    if stopped(better, median=median):
        assert stopped([*trials, make_trial(running, RUNNING, [worse] * 4)], median=median)
