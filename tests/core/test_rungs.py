from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubetune.api.strategy import HyperbandMode, HyperbandSettings
from kubetune.core.rungs import (
    bracket_sizes,
    halving_levels,
    levels_of,
    rung_levels,
    rung_sizes,
)


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
def test_rungs_stand_at_every_power_of_the_factor_and_at_the_top(
    r: int, top: int, eta: int, want: tuple[int, ...]
) -> None:
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
        pytest.param(5, 5, 3, (81, 27, 9, 6, 5), id="R=81 η=3: the sizes of the paper's table"),
        pytest.param(6, 6, 3, (243, 81, 27, 18, 9, 6), id="R=243 η=3: six brackets"),
        pytest.param(4, 4, 10, (1000, 100, 20, 4), id="R=1000 η=10"),
        pytest.param(4, 2, 3, (27, 9), id="two of four"),
        pytest.param(4, 1, 3, (27,), id="one"),
        pytest.param(2, 20, 3, (3, 2), id="never more than there are rungs"),
    ],
)
def test_brackets_have_the_sizes_of_the_paper(
    rungs: int, brackets: int, eta: int, want: tuple[int, ...]
) -> None:
    assert bracket_sizes(rungs, brackets, eta) == want


@given(st.integers(1, 21), st.integers(2, 100))
def test_every_rung_of_a_bracket_keeps_a_whole_share(rungs: int, eta: int) -> None:
    for bracket, size in enumerate(bracket_sizes(rungs, rungs, eta)):
        s = rungs - 1 - bracket
        assert size % eta**s == 0
        assert Fraction(size, eta**s) <= Fraction(rungs, s + 1) < Fraction(size, eta**s) + 1


def test_the_table_of_the_paper_is_met() -> None:
    """Li et al. 2018, "Hyperband", Table 1: n_i and r_i for R = 81 and η = 3."""
    levels = halving_levels(1, 81, 3)
    sizes = bracket_sizes(len(levels), len(levels), 3)
    got = [
        list(zip(rung_sizes(size, len(levels) - bracket, 3), levels[bracket:], strict=True))
        for bracket, size in enumerate(sizes)
    ]
    assert got == [
        [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
        [(27, 3), (9, 9), (3, 27), (1, 81)],
        [(9, 9), (3, 27), (1, 81)],
        [(6, 27), (2, 81)],
        [(5, 81)],
    ]


@pytest.mark.parametrize(
    ("r", "top", "eta", "want"),
    [
        pytest.param(1, 243, 3, (1, 3, 9, 27, 81, 243), id="R=243 η=3: six brackets"),
        pytest.param(1, 1000, 10, (1, 10, 100, 1000), id="R=1000 η=10: a float log loses one"),
        pytest.param(1, 100, 3, (1, 3, 11, 33, 100), id="R that is no power: counted down"),
        pytest.param(4, 100, 3, (11, 33, 100), id="not below r"),
        pytest.param(7, 7, 3, (7,), id="R equal to r"),
    ],
)
def test_synchronous_rungs_are_counted_down_from_the_top(
    r: int, top: int, eta: int, want: tuple[int, ...]
) -> None:
    assert halving_levels(r, top, eta) == want


def test_a_bracket_that_was_cut_short_still_leads_to_the_top() -> None:
    assert rung_sizes(5, 4, 3) == (5, 1, 1, 1)


@pytest.mark.parametrize(
    ("mode", "want"),
    [
        ("Stopping", (1, 3, 9, 10)),
        ("Promotion", (1, 3, 9, 10)),
        ("Synchronous", (1, 3, 10)),
    ],
)
def test_each_mode_has_its_rungs(mode: HyperbandMode, want: tuple[int, ...]) -> None:
    settings = HyperbandSettings.model_validate({"mode": mode, "maxResource": 10})
    assert levels_of(settings) == want
