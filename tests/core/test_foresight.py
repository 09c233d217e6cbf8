"""Rungs that foretell nothing: found by the last bracket's trials, and passed by everybody."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from kubetune.api.trial import TrialState
from kubetune.core.foresight import distrusted_levels
from kubetune.core.trial import Trial
from kubetune.search.hyperband import suggest
from kubetune.stopping.asha import stop_behind
from kubetune.stopping.promotion import find_promotions
from tests.core.builders import make_spec, make_trial

SUCCEEDED, RUNNING, PAUSED = TrialState.SUCCEEDED, TrialState.RUNNING, TrialState.PAUSED
EARLY = TrialState.EARLY_STOPPED
LAST = 2  # with rungs 1, 3 and 9 the bracket that trains to the end


def spec_of(mode: str = "Stopping", **settings: Any) -> Any:
    promotes = {"restartPromoted": True} if mode != "Stopping" else {}
    return make_spec(
        "Hyperband", hyperband={"maxResource": 9, "mode": mode, **promotes, **settings}
    )


def witness(index: int, *curve: float, state: TrialState = SUCCEEDED) -> Trial:
    """A trial of the last bracket with these values at steps 1, 3 and 9."""
    seen = {3**rung: value for rung, value in enumerate(curve)}
    return make_trial(index, state, seen, bracket=LAST)


def witnesses(*curves: Sequence[float]) -> list[Trial]:
    return [witness(index, *curve) for index, curve in enumerate(curves)]


STRAIGHT = [(0.1 * i, 0.1 * i, 0.1 * i) for i in range(6)]
REVERSED = [(-0.1 * i, 0.1 * i, 0.1 * i) for i in range(6)]
"""The best at step 1 are the worst at the end; step 3 tells the truth."""


@pytest.mark.parametrize(
    ("trials", "want"),
    [
        pytest.param([], set(), id="nothing is known"),
        pytest.param(witnesses(*STRAIGHT), set(), id="all rungs tell the truth"),
        pytest.param(witnesses(*REVERSED), {1}, id="the first rung is reversed"),
        pytest.param(
            witnesses(*((-x, -x, x) for *_, x in STRAIGHT)), {1, 3}, id="both are reversed"
        ),
        pytest.param(witnesses(*REVERSED[:2]), set(), id="two trials are too few"),
        pytest.param(witnesses(*REVERSED[:3]), {1}, id="three that agree are enough"),
        pytest.param(
            witnesses((0.2, 0.1, 0.1), (0.1, 0.2, 0.2), (0.3, 0.3, 0.3)),
            set(),
            id="three that hardly disagree are not",
        ),
        pytest.param(
            witnesses(*((0.5, x, x) for *_, x in STRAIGHT)),
            {1},
            id="equal values at a rung tell nothing",
        ),
        pytest.param(
            witnesses(*((x, x, 0.5) for *_, x in STRAIGHT)),
            set(),
            id="equal final values leave nothing to foretell",
        ),
        pytest.param(
            [witness(i, *curve, state=EARLY) for i, curve in enumerate(REVERSED)],
            set(),
            id="only trials that Succeeded count",
        ),
        pytest.param(
            [make_trial(i, SUCCEEDED, {1: x, 3: y, 9: z}) for i, (x, y, z) in enumerate(REVERSED)],
            set(),
            id="trials of other brackets were selected and do not count",
        ),
        pytest.param(
            [witness(i, *curve[:2]) for i, curve in enumerate(REVERSED)],
            set(),
            id="trials that ended below the top do not count",
        ),
    ],
)
def test_distrusted_levels(trials: list[Trial], want: set[int]) -> None:
    assert distrusted_levels(spec_of(), trials) == want
    assert distrusted_levels(spec_of(), trials[::-1]) == want


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"brackets": 2}, id="fewer brackets than rungs"),
        pytest.param({"minResource": 9}, id="a single rung, the top"),
    ],
)
def test_without_trials_that_nobody_judges_all_rungs_are_trusted(settings: dict[str, Any]) -> None:
    assert distrusted_levels(spec_of(**settings), witnesses(*REVERSED)) == set()


def test_synchronous_brackets_of_the_last_kind_are_witnesses_whatever_their_number() -> None:
    later = [replace(trial, bracket=LAST + 3) for trial in witnesses(*REVERSED)]
    assert distrusted_levels(spec_of("Synchronous"), later) == {1}
    others = [replace(trial, bracket=3) for trial in later]
    assert distrusted_levels(spec_of("Synchronous"), others) == set()


def test_no_synchronous_bracket_begins_that_would_select_at_a_distrusted_rung() -> None:
    def brackets(curves: Sequence[Sequence[float]]) -> set[int | None]:
        trials = witnesses(*curves)
        got = suggest(spec_of("Synchronous"), trials, count=20, first_index=6, seed=7)
        return {suggestion.bracket for suggestion in got}

    assert brackets(STRAIGHT) == {3, 4, 5, 6}
    assert brackets(REVERSED) == {4, 5, 7, 8, 10, 11, 13}


def test_without_hyperband_there_are_no_rungs_to_distrust() -> None:
    assert distrusted_levels(make_spec(), witnesses(*REVERSED)) == set()


def test_smaller_is_better_changes_nothing() -> None:
    settings = {"maxResource": 9}
    spec = make_spec("Hyperband", hyperband=settings, goal="Minimize")
    assert distrusted_levels(spec, witnesses(*REVERSED)) == {1}


def test_with_the_best_value_a_rung_has_the_best_up_to_there() -> None:
    spec = make_spec("Hyperband", hyperband={"maxResource": 9}, value="Best")
    # Straight at each step; but what counts at step 3 and at the end is the value at step 1.
    trials = witnesses(*((1 - x, x, x) for *_, x in STRAIGHT))
    assert distrusted_levels(spec, trials) == set()
    assert distrusted_levels(spec_of(), trials) == {1}


def behind(values: Mapping[int, float]) -> list[Trial]:
    """Trials 10, 11, … of the first bracket that run and have the last value at these steps."""
    stopped = [make_trial(10 + i, EARLY, dict.fromkeys(values, 0.9), bracket=0) for i in range(4)]
    return [*stopped, make_trial(14, RUNNING, values, bracket=0)]


def test_nobody_is_stopped_at_a_rung_that_is_distrusted() -> None:
    at_first, at_second = behind({1: 0.1}), behind({1: 0.1, 3: 0.1})
    assert [stop.index for stop in stop_behind(spec_of(), at_first)] == [14]
    assert stop_behind(spec_of(), [*witnesses(*REVERSED), *at_first]) == []
    stops = stop_behind(spec_of(), [*witnesses(*REVERSED), *at_second])
    assert [stop.index for stop in stops] == [14]


def paused(index: int, value: float, level: int = 1) -> Trial:
    return make_trial(
        index, PAUSED, {level: value}, rungs={level: value}, resource=level, bracket=0
    )


def test_all_go_on_from_a_rung_that_is_distrusted_the_higher_rung_first() -> None:
    waiting = [paused(10, 0.1), paused(11, 0.9), paused(12, 0.5), paused(13, 0.4, level=3)]
    spec = spec_of("Promotion")
    assert [each.index for each in find_promotions(spec, waiting)] == [11]
    reversed_twice = witnesses(*((-x, -x, x) for *_, x in STRAIGHT))
    got = find_promotions(spec, [*waiting, *reversed_twice])
    assert [(each.index, each.resource) for each in got] == [(13, 9), (10, 3), (11, 3), (12, 3)]
    assert got[1].reason == (
        "values at step 1 foretell too little of those at the end: it goes on to step 3"
    )
    assert (got[1].evidence.threshold, got[1].evidence.population) == (0.1, 3)
