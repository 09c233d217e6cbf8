"""Which worlds a decision may have seen are looked at first."""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from kubetune.replay.worlds import Horizon, choices

SECOND = datetime(2026, 1, 1, 0, 0, 43, tzinfo=UTC)
TRIALS = range(14)
EARLIER = [(SECOND - timedelta(seconds=5), index, 1) for index in (4, 5)]


def seen(*moved: int) -> dict[int, int]:
    return {index: 1 if index in moved or index in (4, 5) else 0 for index in TRIALS}


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(seen(*TRIALS), id="all had moved"),
        pytest.param(seen(), id="nobody had"),
        pytest.param(seen(10), id="one had"),
        pytest.param(seen(0, 9, 10), id="three had"),
        pytest.param(seen(*set(TRIALS) - {0, 7}), id="all but two had"),
    ],
)
def test_of_many_moves_in_one_second_few_or_nearly_all_are_tried_first(
    made: dict[int, int],
) -> None:
    """An operator that was away sees and does so much in its first second."""
    moves = [*EARLIER, *((SECOND, index, 1) for index in TRIALS if index not in (4, 5))]
    horizon = Horizon(certain=dict.fromkeys(TRIALS, 0), perhaps=tuple(sorted(moves)))
    assert made in list(islice(choices(horizon), 2_000))


def test_every_choice_is_made_once() -> None:
    moves = tuple((SECOND, index, number) for index in range(3) for number in (1, 2))
    horizon = Horizon(certain={0: 0, 1: 0, 2: 0}, perhaps=tuple(sorted(moves)))
    found = [tuple(made.values()) for made in choices(horizon)]
    assert len(found) == len(set(found)) == 27
