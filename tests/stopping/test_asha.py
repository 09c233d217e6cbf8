from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubetune.api.trial import TrialState
from kubetune.core.decision import Evidence, StopTrial
from kubetune.core.trial import Trial
from kubetune.stopping.asha import stop_behind
from tests.core.builders import make_spec, make_trial
from tests.examples import examples

PENDING, RUNNING, SUCCEEDED = TrialState.PENDING, TrialState.RUNNING, TrialState.SUCCEEDED
EARLY, FAILED, STOPPED = TrialState.EARLY_STOPPED, TrialState.FAILED, TrialState.STOPPED

SPEC = make_spec("Hyperband")  # rungs 1, 3, 9, 27 and η = 3


def stopped(trials: Sequence[Trial], **fields: Any) -> list[int]:
    spec = make_spec("Hyperband", **fields)
    got = stop_behind(spec, trials)
    assert got == stop_behind(spec, trials[::-1]), "the order of the trials must not matter"
    return [stop.index for stop in got]


def others(*values: float, level: int = 1, bracket: int | None = None) -> list[Trial]:
    """Trials 0, 1, … that were stopped at a rung, with these values there."""
    return [make_trial(i, EARLY, {level: value}, bracket=bracket) for i, value in enumerate(values)]


@pytest.mark.parametrize(
    ("known", "value", "want"),
    [
        pytest.param([0.9], 0.1, False, id="two values are fewer than η: nobody is judged"),
        pytest.param([0.9, 0.8], 0.1, True, id="the worst of three"),
        pytest.param([0.9, 0.8], 0.85, True, id="the second of three: one of three goes on"),
        pytest.param([0.9, 0.8], 0.95, False, id="the best of three"),
        pytest.param([0.9, 0.8], 0.9, False, id="as good as the best of three"),
        pytest.param([0.5, 0.5], 0.5, False, id="equal values never stop each other"),
        pytest.param([0.9, 0.8, 0.7, 0.6], 0.85, True, id="second of five: one of five goes on"),
        pytest.param([0.9, 0.8, 0.7, 0.6, 0.5], 0.85, False, id="second of six: two go on"),
        pytest.param([0.9, 0.9, 0.9, 0.6, 0.5], 0.85, True, id="behind ties at the threshold"),
    ],
)
def test_the_best_third_goes_on(known: list[float], value: float, want: bool) -> None:  # noqa: FBT001 - a column of a table
    index = len(known)
    trials = [*others(*known), make_trial(index, RUNNING, [value])]
    assert stopped(trials) == ([index] if want else [])


def test_a_smaller_loss_is_better() -> None:
    trials = [*others(0.1, 0.2), make_trial(2, RUNNING, [0.15]), make_trial(3, RUNNING, [0.05])]
    assert stopped(trials, goal="Minimize") == [2]


def test_the_evidence_is_in_values_as_they_were_reported() -> None:
    trials = [*others(0.25, 0.5), make_trial(2, RUNNING, [0.75])]
    (got,) = stop_behind(make_spec("Hyperband", goal="Minimize"), trials)
    assert got == StopTrial(
        index=2,
        reason="accuracy 0.75 at step 1 is worse than 0.25: not among the best 1 of 3 trials "
        "there, itself and those launched before it",
        evidence=Evidence(rule="asha/v2", step=1, value=0.75, threshold=0.25, population=3),
    )


def test_trials_launched_later_do_not_count() -> None:
    first = make_trial(0, RUNNING, [0.1])
    assert stopped([first, *(make_trial(i, RUNNING, [0.9]) for i in range(1, 9))]) == []


def test_a_trial_launched_before_counts_also_when_it_arrives_later() -> None:
    at_rung = [make_trial(1, EARLY, [0.9]), make_trial(2, RUNNING, [0.5])]
    assert stopped([make_trial(0, RUNNING), *at_rung]) == []
    assert stopped([make_trial(0, RUNNING, [0.4]), *at_rung]) == [2]


def test_a_trial_between_two_rungs_is_judged_at_the_lower_one() -> None:
    trials = [*others(0.9, 0.8), make_trial(2, RUNNING, [0.1, 0.99])]
    (got,) = stop_behind(SPEC, trials)
    assert (got.evidence.step, got.evidence.value) == (1, 0.1)


def test_a_trial_that_reached_the_next_rung_is_judged_there_alone() -> None:
    trials = [*others(0.9, 0.8), make_trial(2, RUNNING, [0.1, 0.2, 0.3])]
    assert stopped(trials) == []


def test_a_report_that_jumps_over_a_rung_is_judged_there_with_its_value() -> None:
    trials = [*others(0.9, 0.8, level=3), make_trial(2, RUNNING, {5: 0.7})]
    (got,) = stop_behind(SPEC, trials)
    assert (got.evidence.step, got.evidence.value) == (3, 0.7)


def test_a_report_that_jumps_over_several_rungs_is_judged_at_the_highest_and_counts_at_all() -> (
    None
):
    jumper = make_trial(0, RUNNING, {9: 0.9})
    assert stopped([jumper]) == []
    low = [make_trial(1, EARLY, [0.5]), make_trial(2, RUNNING, [0.6])]
    (got,) = stop_behind(SPEC, [jumper, *low])
    assert (got.index, got.evidence.threshold) == (2, 0.9)
    high = [make_trial(1, EARLY, {9: 0.95}), make_trial(2, RUNNING, {9: 0.8})]
    assert stopped([jumper, *high]) == [2]


def test_a_missing_observation_at_a_rung_is_replaced_by_the_next_one() -> None:
    trials = [*others(0.9, 0.8, level=3), make_trial(2, RUNNING, {2: 0.99, 4: 0.7})]
    assert stopped(trials) == [2]


def test_trials_that_reported_nothing_at_the_rung_are_not_counted() -> None:
    silent = [make_trial(0, FAILED), make_trial(1, PENDING), make_trial(2, EARLY, [0.9])]
    assert stopped([*silent, make_trial(3, RUNNING, [0.1]), make_trial(4, RUNNING)]) == []


def test_what_a_failed_trial_had_recorded_still_counts() -> None:
    known = [make_trial(0, FAILED, [0.9]), make_trial(1, STOPPED, [0.8])]
    assert stopped([*known, make_trial(2, RUNNING, [0.1])]) == [2]


def test_a_report_before_the_first_rung_is_not_judged() -> None:
    settings = {"minResource": 3, "maxResource": 27}
    trials = [*others(0.9, 0.8, level=3), make_trial(2, RUNNING, [0.1, 0.1])]
    assert stopped(trials, hyperband=settings) == []
    assert stopped([*trials[:2], make_trial(2, RUNNING, {0: 0.1})]) == []


@pytest.mark.parametrize("step", [27, 30])
def test_nobody_is_stopped_at_the_top_rung_or_past_it(step: int) -> None:
    trials = [*others(0.9, 0.8, level=27), make_trial(2, RUNNING, {step: 0.1})]
    assert stopped(trials) == []


@pytest.mark.parametrize("state", [state for state in TrialState if state is not RUNNING])
def test_only_running_trials_are_stopped(state: TrialState) -> None:
    assert stopped([*others(0.9, 0.8), make_trial(2, state, [0.1])]) == []


def test_trials_of_different_brackets_do_not_compete() -> None:
    settings = {"maxResource": 27, "brackets": 2}
    others_first = others(0.9, 0.8, level=3, bracket=0)
    late = make_trial(2, RUNNING, {3: 0.1}, bracket=1)
    assert stopped([*others_first, late], hyperband=settings) == []
    others_same = others(0.9, 0.8, level=3, bracket=1)
    assert stopped([*others_same, late], hyperband=settings) == [2]


def test_a_later_bracket_is_first_judged_at_its_own_first_rung() -> None:
    settings = {"maxResource": 27, "brackets": 2}
    trials = [*others(0.9, 0.8, level=2, bracket=1), make_trial(2, RUNNING, {2: 0.1}, bracket=1)]
    assert stopped(trials, hyperband=settings) == []


def test_the_bracket_of_the_top_rung_is_never_judged() -> None:
    settings = {"maxResource": 27, "brackets": 4}
    trials = [*others(0.9, 0.8, level=9, bracket=3), make_trial(2, RUNNING, {9: 0.1}, bracket=3)]
    assert stopped(trials, hyperband=settings) == []


@pytest.mark.parametrize(("value", "want"), [("Last", [2]), ("Best", [])])
def test_with_the_best_value_a_trial_keeps_what_it_once_had(value: str, want: list[int]) -> None:
    trials = [*others(0.9, 0.8, level=3), make_trial(2, RUNNING, [0.95, 0.1, 0.2])]
    assert stopped(trials, value=value) == want


def test_the_best_value_at_a_rung_does_not_look_beyond_it() -> None:
    trials = [*others(0.9, 0.8, level=3), make_trial(2, RUNNING, [0.1, 0.1, 0.2, 0.99])]
    assert stopped(trials, value="Best") == [2]


def test_another_reduction_factor_needs_as_many_values() -> None:
    settings = {"maxResource": 1000, "reductionFactor": 10}
    known = [0.9] + [0.5] * 7
    trials = others(*known, level=100)
    assert stopped([*trials, make_trial(8, RUNNING, {100: 0.1})], hyperband=settings) == []
    trials = others(*known, 0.5, level=100)
    assert stopped([*trials, make_trial(9, RUNNING, {100: 0.1})], hyperband=settings) == [9]


def test_without_hyperband_nothing_is_stopped() -> None:
    trials = [*others(0.9, 0.8), make_trial(2, RUNNING, [0.1])]
    assert stop_behind(make_spec("Random"), trials) == ()


VALUES = st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4, 0.5]), max_size=27)


@examples(60)
@given(st.lists(VALUES, max_size=20), st.integers(2, 4))
def test_a_stop_can_be_checked_by_counting(curves: list[list[float]], eta: int) -> None:
    """Every stop, and every trial that goes on, follows from counting the better ones."""
    trials = [make_trial(i, RUNNING, curve) for i, curve in enumerate(curves)]
    rungs = [eta**k for k in range(9) if eta**k < 27]
    want = []
    for index, curve in enumerate(curves):
        level = max((rung for rung in rungs if rung <= len(curve)), default=0)
        if not level or len(curve) == 27:
            continue
        known = [c[level - 1] for c in curves[: index + 1] if len(c) >= level]
        better = sum(value > curve[level - 1] for value in known)
        if len(known) >= eta and better >= len(known) // eta:
            want.append(index)
    assert stopped(trials, hyperband={"maxResource": 27, "reductionFactor": eta}) == want


@given(st.lists(VALUES, min_size=1, max_size=20))
def test_carrying_out_the_stops_asks_for_no_more(curves: list[list[float]]) -> None:
    trials = [make_trial(i, RUNNING, curve) for i, curve in enumerate(curves)]
    stops = set(stopped(trials))
    after = [make_trial(t.index, EARLY, curves[t.index]) if t.index in stops else t for t in trials]
    assert stopped(after) == []
