from kubetune.api.trial import TrialState
from kubetune.core.space import build_space
from kubetune.core.trial import Trial
from kubetune.search.grid_search import suggest
from tests.core.builders import ACTIVATION, HIDDEN, make_spec, make_trial

SPEC = make_spec("Grid", parameters=[HIDDEN, ACTIVATION])
POINTS = list(build_space(SPEC.parameters).points())


def tried(*indices_and_points: tuple[int, int]) -> list[Trial]:
    return [
        make_trial(index, TrialState.SUCCEEDED, parameters=POINTS[k])
        for index, k in indices_and_points
    ]


def test_trial_k_gets_combination_k() -> None:
    got = suggest(SPEC, [], count=12, first_index=0, seed=1)
    assert [suggestion.parameters for suggestion in got] == POINTS
    assert [suggestion.index for suggestion in got] == list(range(12))
    assert got[0].reason == "one of the 12 combinations"


def test_the_next_combinations_follow_those_that_exist() -> None:
    got = suggest(SPEC, tried((0, 0), (1, 1)), count=2, first_index=2, seed=1)
    assert [suggestion.parameters for suggestion in got] == POINTS[2:4]


def test_the_combination_of_a_missing_index_is_given_to_a_new_one() -> None:
    trials = tried((0, 0), (1, 1), (3, 3), (4, 4))
    got = suggest(SPEC, trials, count=3, first_index=5, seed=1)
    assert [suggestion.parameters for suggestion in got] == [POINTS[2], POINTS[5], POINTS[6]]
    assert [suggestion.index for suggestion in got] == [5, 6, 7]


def test_a_gap_stays_closed_after_its_combination_was_tried_elsewhere() -> None:
    trials = tried((0, 0), (2, 2), (3, 1))
    got = suggest(SPEC, trials, count=1, first_index=4, seed=1)
    assert got[0].parameters == POINTS[3]
