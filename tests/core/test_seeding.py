from collections import Counter
from statistics import fmean

import pytest

from kubetune.core.seeding import permutation, uniforms, words


def test_the_numbers_are_the_same_in_every_process_and_version() -> None:
    assert words(7, 3, "purpose", 2) == [4627241123402040066, 15189697542953559554]
    assert permutation(7, 0, "purpose", 6) == (4, 0, 1, 2, 5, 3)


@pytest.mark.parametrize("other", [(8, 3, "a"), (7, 4, "a"), (7, 3, "b")])
def test_seed_index_and_purpose_each_change_the_numbers(other: tuple[int, int, str]) -> None:
    assert uniforms(7, 3, "a", 4) != uniforms(*other, 4)


def test_fewer_numbers_are_a_prefix_of_more() -> None:
    assert uniforms(1, 2, "a", 20)[:11] == uniforms(1, 2, "a", 11)
    assert words(1, 2, "a", 0) == []


def test_uniform_numbers_fill_the_interval_evenly_and_never_reach_one() -> None:
    drawn = uniforms(1, 0, "a", 10_000)
    assert all(0 <= u < 1 for u in drawn)
    # Six standard errors of the mean of 10,000 uniform numbers: 6 * sqrt(1/12) / 100.
    assert abs(fmean(drawn) - 0.5) < 0.0174
    tenths = Counter(int(10 * u) for u in drawn)
    assert all(abs(tenths[k] - 1000) < 180 for k in range(10))


def test_every_order_is_as_likely_as_any_other() -> None:
    orders = Counter(permutation(1, index, "a", 3) for index in range(6000))
    assert len(orders) == 6
    assert all(abs(count - 1000) < 175 for count in orders.values())


def test_a_permutation_of_one_is_itself() -> None:
    assert permutation(1, 1, "a", 1) == (0,)
