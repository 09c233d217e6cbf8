from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from kubetune.api.trial import TrialState
from kubetune.core.space import build_space
from kubetune.errors import StrategyError
from kubetune.search import hyperband, random_search
from kubetune.search.registry import fallback
from tests.core.builders import ACTIVATION, HIDDEN, LEARNING_RATE, make_spec, make_trial


def test_every_trial_starts_with_the_full_resource() -> None:
    got = hyperband.suggest(make_spec("Hyperband"), [], count=4, first_index=2, seed=7)
    assert [s.index for s in got] == [2, 3, 4, 5]
    assert {s.resource for s in got} == {27}
    assert {s.bracket for s in got} <= {0, 1, 2, 3}, "four brackets unless something else is said"
    assert got[0].reason.startswith("pseudorandom point 2 of seed 7, first judged at step ")


def test_the_points_are_those_of_random_search() -> None:
    want = random_search.suggest(make_spec("Random"), [], count=4, first_index=0, seed=7)
    got = hyperband.suggest(make_spec("Hyperband"), [], count=4, first_index=0, seed=7)
    assert [s.parameters for s in got] == [s.parameters for s in want]


def test_brackets_are_drawn_in_proportion_to_their_sizes() -> None:
    spec = make_spec("Hyperband", hyperband={"maxResource": 27, "brackets": 4})
    got = hyperband.suggest(spec, [], count=4900, first_index=0, seed=7)
    drawn = Counter(s.bracket for s in got)
    # 27 : 9 : 6 : 4 of 46; six standard errors of a count of 2876 are 206.
    assert {
        b: abs(drawn[b] - 4900 * n / 46) < 206 for b, n in enumerate((27, 9, 6, 4))
    } == dict.fromkeys(range(4), True)


def test_the_bracket_of_an_index_stays_the_same() -> None:
    spec = make_spec("Hyperband", hyperband={"maxResource": 27, "brackets": 4})
    whole = hyperband.suggest(spec, [], count=50, first_index=0, seed=7)
    for index in (0, 17, 49):
        (again,) = hyperband.suggest(spec, [], count=1, first_index=index, seed=7)
        assert again == whole[index]
    assert {s.reason.rsplit(" ", 1)[1] for s in whole} == {"1", "3", "9", "27"}


def test_a_trial_that_is_to_be_promoted_starts_with_the_rung_of_its_bracket() -> None:
    settings = {"mode": "Promotion", "restartPromoted": True, "maxResource": 27, "brackets": 4}
    spec = make_spec("Hyperband", hyperband=settings)
    got = hyperband.suggest(spec, [], count=50, first_index=0, seed=7)
    assert {(s.bracket, s.resource) for s in got} == {(0, 1), (1, 3), (2, 9), (3, 27)}


def test_synchronous_brackets_are_filled_in_their_order() -> None:
    settings = {"mode": "Synchronous", "restartPromoted": True, "maxResource": 9, "brackets": 3}
    spec = make_spec("Hyperband", hyperband=settings)
    got = hyperband.suggest(spec, [], count=16, first_index=0, seed=7)
    placed = [(s.bracket, s.resource) for s in got]
    assert placed == [*[(0, 1)] * 9, *[(1, 3)] * 3, *[(2, 9)] * 3, (3, 1)]


def modelled(mode: str) -> Mapping[str, Any]:
    return {"mode": mode, "restartPromoted": mode != "Stopping", "maxResource": 27}


@pytest.mark.parametrize("mode", ["Stopping", "Promotion", "Synchronous"])
def test_a_model_proposes_points_with_the_brackets_of_their_indices(mode: str) -> None:
    settings = {**modelled(mode), "search": "Bayesian"}
    spec = make_spec("Hyperband", hyperband=settings, parameters=[LEARNING_RATE])
    trials = [
        make_trial(i, TrialState.PAUSED, rungs={1: float(i)}, parameters={"lr": 0.001 * (i + 1)})
        for i in range(8)
    ]
    got = hyperband.suggest(spec, trials, count=2, first_index=8, seed=7)
    plain = make_spec("Hyperband", hyperband=modelled(mode), parameters=[LEARNING_RATE])
    drawn = hyperband.suggest(plain, trials, count=2, first_index=8, seed=7)
    places = [(s.index, s.resource, s.bracket) for s in got]
    assert places == [(s.index, s.resource, s.bracket) for s in drawn]
    assert all("expected improvement" in s.reason for s in got)
    assert got == hyperband.suggest(spec, trials[::-1], count=2, first_index=8, seed=7)


@pytest.mark.parametrize("mode", ["Stopping", "Promotion", "Synchronous"])
def test_the_model_learns_from_the_highest_rung_that_enough_trials_have_reached(mode: str) -> None:
    settings = {**modelled(mode), "search": "Bayesian"}
    spec = make_spec("Hyperband", hyperband=settings, parameters=[LEARNING_RATE])

    def proposed(first: Sequence[float], second: Sequence[float]) -> object:
        trials = []
        for i, values in enumerate(zip(first, second, strict=True)):
            seen = dict(zip((1, 3), values, strict=True))
            observed, paused_at = (seen, {}) if mode == "Stopping" else ({}, seen)
            trial = make_trial(i, TrialState.EARLY_STOPPED, observed, rungs=paused_at)
            trials.append(replace(trial, parameters={"lr": 0.001 * (i + 1)}))
        (got,) = hyperband.suggest(spec, trials, count=1, first_index=8, seed=7)
        assert "expected improvement" in got.reason
        return got.parameters

    rising = [float(i) for i in range(8)]
    falling = rising[::-1]
    assert proposed(rising, rising) == proposed(falling, rising)
    assert proposed(rising, rising) != proposed(rising, falling)


def test_before_the_model_has_enough_scores_points_are_random() -> None:
    settings = {**modelled("Promotion"), "search": "Bayesian"}
    spec = make_spec("Hyperband", hyperband=settings)
    plain = make_spec("Hyperband", hyperband=modelled("Promotion"))
    got = hyperband.suggest(spec, [], count=4, first_index=0, seed=7)
    assert got == hyperband.suggest(plain, [], count=4, first_index=0, seed=7)
    assert got == fallback(spec)(spec, [], count=4, first_index=0, seed=7)


def test_a_finite_space_is_tried_once() -> None:
    spec = make_spec("Hyperband", parameters=[HIDDEN, ACTIVATION])
    got = hyperband.suggest(spec, [], count=12, first_index=0, seed=7)
    space = build_space(spec.parameters)
    assert len({space.key(s.parameters) for s in got}) == 12


def test_without_its_settings_it_cannot_answer() -> None:
    with pytest.raises(StrategyError, match="maxResource"):
        hyperband.suggest(make_spec("Random"), [], count=1, first_index=0, seed=7)
