"""Asynchronous promotion: who goes on, in which order, and what is said to the others."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubetune.api.trial import TrialState
from kubetune.core.decision import Evidence, Promotion, StopTrial
from kubetune.core.trial import Trial
from kubetune.stopping.promotion import find_promotions, stop_paused
from tests.core.builders import make_spec, make_trial
from tests.examples import examples

PAUSED, FAILED, RUNNING = TrialState.PAUSED, TrialState.FAILED, TrialState.RUNNING
SETTINGS = {"mode": "Promotion", "restartPromoted": True, "maxResource": 9}
SPEC = make_spec("Hyperband", hyperband=SETTINGS)


def paused(index: int, *values: float, bracket: int = 0) -> Trial:
    """A trial that waits at the rung up to which it has values; rungs are 1, 3 and 9."""
    rungs = {3**k: value for k, value in enumerate(values, start=bracket)}
    return make_trial(index, PAUSED, rungs=rungs, bracket=bracket, resource=max(rungs))


def promoted(trials: list[Trial], **fields: Any) -> list[tuple[int, int]]:
    spec = make_spec("Hyperband", hyperband=SETTINGS, **fields)
    return [(found.index, found.resource) for found in find_promotions(spec, trials)]


@pytest.mark.parametrize(
    ("trials", "want"),
    [
        pytest.param([], [], id="none"),
        pytest.param([paused(0, 0.9), paused(1, 0.1)], [], id="fewer than eta say nothing"),
        pytest.param([paused(i, 0.1 * i) for i in range(3)], [(2, 3)], id="the best of three"),
        pytest.param([paused(i, 0.1 * i) for i in range(5)], [(4, 3)], id="the best of five"),
        pytest.param(
            [paused(i, 0.1 * i) for i in range(6)], [(5, 3), (4, 3)], id="the best two of six"
        ),
        pytest.param(
            [paused(i, 0.5) for i in range(3)], [(0, 3)], id="among equals the lower index"
        ),
        pytest.param(
            [
                *[paused(i, 0.9, 0.1 * i) for i in range(3)],
                *[paused(i, 0.1) for i in range(3, 12)],
                paused(12, 0.8),
            ],
            [(2, 9), (12, 3)],
            id="the highest rung first",
        ),
        pytest.param(
            [paused(0, 0.9), paused(1, 0.1), make_trial(2, FAILED, rungs={1: 0.2}, resource=3)],
            [(0, 3)],
            id="a trial that failed later still counts",
        ),
        pytest.param(
            [paused(0, 0.5), paused(1, 0.1), make_trial(2, FAILED, rungs={1: 0.9}, resource=3)],
            [],
            id="and keeps its place",
        ),
        pytest.param(
            [paused(0, 0.5), paused(1, 0.1), make_trial(2, RUNNING, rungs={1: 0.9}, resource=3)],
            [],
            id="one that has gone on is not replaced",
        ),
        pytest.param(
            [paused(0, 0.5), paused(1, 0.1), make_trial(2, RUNNING, [0.9], resource=1)],
            [],
            id="one that still trains does not count",
        ),
        pytest.param(
            [paused(0, 0.9), paused(1, 0.1), paused(2, 0.2, bracket=1)],
            [],
            id="brackets do not compete",
        ),
        pytest.param(
            [paused(i, 0.1 * i, bracket=1) for i in range(3)], [(2, 9)], id="a later bracket"
        ),
    ],
)
def test_the_best_share_of_a_rung_is_promoted(
    trials: list[Trial], want: list[tuple[int, int]]
) -> None:
    assert promoted(trials) == want
    assert promoted(trials[::-1]) == want


def test_smaller_is_better_when_the_goal_is_to_minimize() -> None:
    assert promoted([paused(i, 0.1 * i) for i in range(3)], goal="Minimize") == [(0, 3)]


def test_a_promotion_carries_the_numbers_that_a_person_can_check() -> None:
    (got,) = find_promotions(SPEC, [paused(i, 0.25 * i) for i in range(3)])
    assert got == Promotion(
        index=2,
        resource=3,
        reason="accuracy 0.5 at step 1 is among the best 1 of 3 trials there: it goes on to step 3",
        evidence=Evidence(rule="asha-promotion/v2", step=1, value=0.5, threshold=0.5, population=3),
    )


def test_at_the_end_every_paused_trial_is_told_what_it_would_have_needed() -> None:
    got = stop_paused(SPEC, [paused(0, 0.9, 0.9), *(paused(i, 0.1 * i) for i in range(1, 4))])
    assert [stop.index for stop in got] == [0, 1, 2, 3]
    assert got[1] == StopTrial(
        index=1,
        reason="accuracy 0.1 at step 1 is not among the best of 4 trials there",
        evidence=Evidence(rule="asha-promotion/v2", step=1, value=0.1, threshold=0.9, population=4),
    )
    assert got[0].reason == (
        "accuracy 0.9 at step 3 was among the best of 1 trials there, but was not promoted before "
        "the job ended"
    )


def test_without_hyperband_nothing_is_promoted() -> None:
    assert find_promotions(make_spec(), [paused(0, 0.1)]) == ()
    assert stop_paused(make_spec(), [paused(0, 0.1)]) == ()


@examples(40)
@given(st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4]), max_size=30), st.integers(2, 4))
def test_a_promotion_can_be_checked_by_counting(values: list[float], eta: int) -> None:
    trials = [paused(i, value) for i, value in enumerate(values)]
    spec = make_spec("Hyperband", hyperband={**SETTINGS, "reductionFactor": eta})
    want = [
        index
        for index, value in enumerate(values)
        if sum((other, -i) > (value, -index) for i, other in enumerate(values)) < len(values) // eta
    ]
    assert sorted(found.index for found in find_promotions(spec, trials)) == want
