from fractions import Fraction

import pytest

from kubetune.search.halton import halton_point

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29)


@pytest.mark.parametrize(("axis", "base"), list(enumerate(PRIMES)))
def test_every_run_of_base_points_falls_into_different_parts_of_an_axis(
    axis: int, base: int
) -> None:
    points = [halton_point(7, number, len(PRIMES))[axis] for number in range(base * base)]
    for start in range(0, base * base, base):
        assert {int(x * base) for x in points[start : start + base]} == set(range(base))
    assert {int(x * base * base) for x in points} == set(range(base * base))


def test_points_are_in_the_unit_cube_and_depend_on_seed_and_number_alone() -> None:
    points = [halton_point(7, number, 50) for number in range(100)]
    assert all(0 <= x < 1 for point in points for x in point)
    assert len(set(points)) == 100
    assert halton_point(7, 42, 50) == points[42]
    assert halton_point(8, 42, 50) != points[42]


def test_fewer_dimensions_are_a_prefix_of_more() -> None:
    assert halton_point(7, 5, 10)[:3] == halton_point(7, 5, 3)


def test_points_cover_the_square_more_evenly_than_random_ones_could() -> None:
    """Every sixth part of the square gets its share of 36 points, in each seed."""
    for seed in range(5):
        boxes = [0] * 6
        for number in range(36):
            x, y = halton_point(seed, number, 2)
            boxes[3 * int(2 * x) + int(3 * y)] += 1
        assert boxes == [Fraction(36, 6)] * 6
