"""Synchronous brackets: where the next trial goes, whatever became of those before."""

from itertools import islice

import pytest

from kubetune.api.strategy import HyperbandSettings
from kubetune.api.trial import TrialState
from kubetune.core.brackets import group, next_brackets
from kubetune.core.trial import Trial
from tests.core.builders import make_trial

RUNNING, PAUSED, EARLY = TrialState.RUNNING, TrialState.PAUSED, TrialState.EARLY_STOPPED
NINE = HyperbandSettings.model_validate(
    {"mode": "Synchronous", "restartPromoted": True, "maxResource": 9, "brackets": 3}
)
"""Three kinds of brackets: 9 trials from step 1, 3 from step 3, 3 from step 9."""


def members(number: int, count: int, *, first: int = 0) -> list[Trial]:
    return [make_trial(first + i, RUNNING, bracket=number, resource=1) for i in range(count)]


def coming(trials: list[Trial], count: int) -> list[tuple[int, int]]:
    return list(islice(next_brackets(NINE, trials), count))


def test_brackets_are_filled_one_after_the_other_and_then_again_from_the_first() -> None:
    got = coming([], 17)
    assert got == [*[(0, 1)] * 9, *[(1, 3)] * 3, *[(2, 9)] * 3, *[(3, 1)] * 2]


@pytest.mark.parametrize(
    ("distrusted", "want"),
    [
        pytest.param({1}, [0, 1, 2, 4, 5, 7], id="the first kind is passed over from then on"),
        pytest.param({1, 3}, [0, 2, 5, 8], id="the last kind selects nowhere"),
        pytest.param({3}, [0, 2, 5, 8], id="a kind that goes through the rung is, too"),
    ],
)
def test_kinds_that_would_select_at_a_distrusted_rung_are_passed_over(
    distrusted: set[int], want: list[int]
) -> None:
    places = next_brackets(NINE, [make_trial(0, bracket=0)], distrusted=distrusted)
    numbers = [number for number, _ in islice(places, 30)]
    assert list(dict.fromkeys(numbers))[: len(want)] == want


@pytest.mark.parametrize(
    ("trials", "want"),
    [
        pytest.param(members(0, 7), [(0, 1), (0, 1), (1, 3)], id="the newest has room"),
        pytest.param(members(0, 9), [(1, 3)], id="the newest is full"),
        pytest.param(
            [*members(0, 5), *members(1, 1, first=9)],
            [(1, 3), (1, 3), (2, 9)],
            id="one that lost trials is not filled up",
        ),
        pytest.param(
            [*members(0, 3), make_trial(3, RUNNING, bracket=0, resource=3)],
            [(1, 3)],
            id="one that was decided short of its size is not filled up",
        ),
        pytest.param(
            [*members(0, 3), make_trial(3, EARLY, bracket=0, resource=1)],
            [(1, 3)],
            id="nor is one that has dropped a trial",
        ),
        pytest.param(members(4, 3), [(5, 9)], id="brackets are numbered on and on"),
    ],
)
def test_the_next_trial_joins_the_newest_bracket_or_opens_another(
    trials: list[Trial], want: list[tuple[int, int]]
) -> None:
    assert coming(trials, len(want)) == want


def test_trials_are_grouped_by_the_number_of_their_bracket() -> None:
    trials = [*members(0, 2), *members(4, 1, first=2)]
    first, second = group(NINE, trials)
    assert [trial.index for trial in first.trials] == [0, 1]
    assert (first.size, first.levels) == (9, (1, 3, 9))
    assert (second.number, second.size, second.levels) == (4, 3, (3, 9))
    assert first.sizes(3) == (2, 1, 1)
