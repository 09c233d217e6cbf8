from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from kubetune.api.trial import TrialState
from kubetune.core.decision import Suggestion
from kubetune.core.space import build_space
from kubetune.search.random_search import suggest
from tests.core.builders import ACTIVATION, HIDDEN, LEARNING_RATE, make_spec, make_trial

SEQUENCES = ["Pseudorandom", "Quasirandom"]


def make_trials(suggestions: list[Suggestion]) -> list[Any]:
    return [make_trial(s.index, TrialState.SUCCEEDED, parameters=s.parameters) for s in suggestions]


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_one_at_a_time_or_all_at_once_gives_the_same_points(sequence: str) -> None:
    spec = make_spec(parameters=[HIDDEN, ACTIVATION], sequence=sequence)
    at_once = list(suggest(spec, [], count=12, first_index=0, seed=3))
    one_by_one: list[Suggestion] = []
    for index in range(12):
        trials = make_trials(one_by_one)
        one_by_one.extend(suggest(spec, trials, count=1, first_index=index, seed=3))
    assert one_by_one == at_once


@pytest.mark.parametrize("sequence", SEQUENCES)
@pytest.mark.parametrize("seed", range(5))
def test_a_finite_space_is_tried_completely_and_nothing_twice(sequence: str, seed: int) -> None:
    spec = make_spec(parameters=[HIDDEN, ACTIVATION], sequence=sequence)
    space = build_space(spec.parameters)
    got = suggest(spec, [], count=12, first_index=0, seed=seed)
    assert {space.key(s.parameters) for s in got} == {space.key(p) for p in space.points()}


def test_a_space_whose_scale_hides_most_points_is_tried_completely() -> None:
    """With a Log scale nearly all draws hit the small values; the walk finds the others."""
    wide = {"name": "n", "type": "Integer", "min": 1, "max": 700, "scale": "Log"}
    spec = make_spec(parameters=[wide])
    got = suggest(spec, [], count=700, first_index=0, seed=1)
    assert {s.parameters["n"] for s in got} == set(range(1, 701))


def test_a_new_index_avoids_the_points_of_all_trials_also_with_missing_indices() -> None:
    spec = make_spec(parameters=[HIDDEN, ACTIVATION])
    trials = make_trials(list(suggest(spec, [], count=11, first_index=0, seed=3)))
    with_a_gap = [trial for trial in trials if trial.index != 4]
    space = build_space(spec.parameters)
    got = suggest(spec, with_a_gap, count=2, first_index=11, seed=3)
    taken = {space.key(trial.parameters) for trial in with_a_gap}
    assert not taken & {space.key(s.parameters) for s in got}
    assert len({space.key(s.parameters) for s in got}) == 2


def test_points_of_an_infinite_space_do_not_depend_on_other_trials() -> None:
    spec = make_spec()
    alone = suggest(spec, [], count=1, first_index=5, seed=3)
    assert alone == suggest(spec, [make_trial(0)], count=1, first_index=5, seed=3)
    assert alone != suggest(spec, [], count=1, first_index=5, seed=4)


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_points_are_uniform_in_the_scaled_space(sequence: str) -> None:
    spec = make_spec(parameters=[LEARNING_RATE, ACTIVATION], sequence=sequence)
    got = suggest(spec, [], count=1200, first_index=0, seed=3)
    decades = Counter(f"{s.parameters['lr']:.0e}".split("e")[1] for s in got)
    assert set(decades) <= {"-04", "-03", "-02", "-01", "+00"}
    assert all(abs(decades[d] - 300) < 90 for d in ("-04", "-03", "-02", "-01"))
    assert all(abs(n - 400) < 98 for n in Counter(s.parameters["activation"] for s in got).values())


def test_the_reason_names_the_sequence_the_number_and_the_seed() -> None:
    (got,) = suggest(make_spec(sequence="Quasirandom"), [], count=1, first_index=5, seed=3)
    assert got.reason == "quasi-random point 5 of seed 3"
    assert replace(got, reason="") == Suggestion(index=5, parameters=got.parameters, reason="")
