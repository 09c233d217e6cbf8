from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubetune.core.rungs import bracket_sizes, rung_levels


@pytest.mark.parametrize(
    ("r", "top", "eta", "want"),
    [
        pytest.param(1, 243, 3, (1, 3, 9, 27, 81, 243), id="R=243 η=3: a float log loses one"),
        pytest.param(1, 1000, 10, (1, 10, 100, 1000), id="R=1000 η=10"),
        pytest.param(1, 27, 3, (1, 3, 9, 27), id="R=27 η=3"),
        pytest.param(1, 81, 3, (1, 3, 9, 27, 81), id="R=81 η=3, the table of the paper"),
        pytest.param(2, 50, 5, (2, 10, 50), id="r=2"),
        pytest.param(1, 100, 3, (1, 3, 9, 27, 81, 100), id="R that is no power closes the table"),
        pytest.param(1, 28, 3, (1, 3, 9, 27, 28), id="R just above a power"),
        pytest.param(1, 26, 3, (1, 3, 9, 26), id="R just below a power"),
        pytest.param(5, 7, 3, (5, 7), id="R below r times η"),
        pytest.param(4, 4, 2, (4,), id="R equal to r leaves the top only"),
        pytest.param(1, 1_000_000, 100, (1, 100, 10_000, 1_000_000), id="a million"),
    ],
)
def test_rung_levels(r: int, top: int, eta: int, want: tuple[int, ...]) -> None:
    assert rung_levels(r, top, eta) == want


@pytest.mark.parametrize("eta", range(2, 101))
def test_every_exact_power_has_one_rung_per_factor(eta: int) -> None:
    power = 1
    while eta**power <= 10**6:
        assert rung_levels(1, eta**power, eta) == tuple(eta**k for k in range(power + 1))
        power += 1


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(2, 100))
def test_levels_are_what_counting_finds(first: int, second: int, eta: int) -> None:
    r, top = sorted((first, second))
    want = [level for k in range(21) if (level := r * eta**k) < top] + [top]
    assert list(rung_levels(r, top, eta)) == want


@pytest.mark.parametrize(
    ("rungs", "brackets", "eta", "want"),
    [
        pytest.param(5, 5, 3, (81, 34, 15, 8, 5), id="R=81 η=3: the sizes of the paper's example"),
        pytest.param(4, 2, 3, (27, 12), id="two of four"),
        pytest.param(4, 1, 3, (27,), id="one"),
        pytest.param(2, 20, 3, (3, 2), id="never more than there are rungs"),
    ],
)
def test_bracket_sizes(rungs: int, brackets: int, eta: int, want: tuple[int, ...]) -> None:
    assert bracket_sizes(rungs, brackets, eta) == want


@given(st.integers(1, 21), st.integers(2, 100))
def test_bracket_sizes_are_rounded_up_exactly(rungs: int, eta: int) -> None:
    for bracket, size in enumerate(bracket_sizes(rungs, rungs, eta)):
        s = rungs - 1 - bracket
        assert size - 1 < Fraction(rungs * eta**s, s + 1) <= size
