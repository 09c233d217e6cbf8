"""A series of values, drawn in one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubetune.cli.render.sparkline import WIDTH, sparkline


@pytest.mark.parametrize(
    ("values", "want"),
    [
        ([], ""),
        ([1.0], "▅"),
        ([0.0, 1.0], "▁█"),
        ([3.0, 3.0], "▅▅"),
        ([-1e308, 1e308], "▁█"),
        ([float(k) for k in range(8)], "▁▂▃▄▅▆▇█"),
    ],
)
def test_a_sparkline_draws_each_value_by_its_height(values: list[float], want: str) -> None:
    assert sparkline(values) == want


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=300))
def test_a_sparkline_fits_and_ends_with_the_last_value(values: list[float]) -> None:
    line = sparkline(values)
    assert len(line) == min(len(values), WIDTH)
    if len(values) <= WIDTH and min(values) < max(values) == values[-1]:
        assert line[-1] == "█"
