"""How the values of an axis share the interval from 0 to 1, on every scale."""

import math
from collections import Counter
from typing import Any

import pytest

from tests.core.axes import make_axis


@pytest.mark.parametrize(
    ("kind", "fields", "count"),
    [
        pytest.param("Integer", {"min": 1, "max": 4}, 4, id="integers"),
        pytest.param("Float", {"min": 0, "max": 0.3, "step": 0.1}, 4, id="steps"),
        pytest.param("Categorical", {"values": ["a", "b", "c", "d"]}, 4, id="categories"),
    ],
)
def test_every_value_of_a_linear_axis_gets_the_same_share(
    kind: str, fields: dict[str, Any], count: int
) -> None:
    axis = make_axis(kind, **fields)
    shares = Counter(axis.decode((i + 0.5) / 1000) for i in range(1000))
    assert set(shares.values()) == {1000 // count}


def test_on_a_log_axis_each_value_owns_what_is_nearer_to_it() -> None:
    axis = make_axis("Integer", min=1, max=4, scale="Log")
    drawn = Counter(axis.decode((i + 0.5) / 4000) for i in range(4000))
    width = math.log(4 * math.sqrt(4 / 3)) - math.log(math.sqrt(1 / 2))
    want = {
        1: math.log(2) / width,  # from sqrt(1/2) to sqrt(2): as much outside as inside
        2: math.log(math.sqrt(6) / math.sqrt(2)) / width,
        3: math.log(math.sqrt(12) / math.sqrt(6)) / width,
        4: math.log(4 / 3) / width,
    }
    assert {value: count / 4000 for value, count in drawn.items()} == pytest.approx(want, abs=1e-3)


def test_a_log_step_axis_near_zero_needs_no_room_below_min() -> None:
    axis = make_axis("Integer", min=1, max=1025, step=16, scale="Log")
    assert [axis.decode(u) for u in (0, 1)] == [1, 1025]


def test_a_reverse_log_step_axis_draws_the_values_near_one_more_often() -> None:
    axis = make_axis(min=0.5, max=0.99, step=0.01, scale="ReverseLog")
    drawn = Counter(axis.decode((i + 0.5) / 1000) for i in range(1000))
    assert drawn[0.99] > 5 * drawn[0.5]
    assert axis.decode(axis.encode(0.97)) == 0.97


def test_log_floats_are_uniform_over_the_decades() -> None:
    axis = make_axis(min=1e-5, max=1, scale="Log")
    assert [axis.decode(k / 5) for k in range(6)] == [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0]


def test_a_range_of_hundreds_of_decades_is_searched_evenly() -> None:
    axis = make_axis(min=1e-300, max=1)
    assert axis.decode(0.5) == pytest.approx(1e-150, rel=1e-9)
    assert axis.decode(0.99) == pytest.approx(1e-3, rel=1e-9)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"min": 1e6, "max": 1e6 + 1e-7, "scale": "Linear"}, id="far from zero"),
        pytest.param({"min": 1e6, "max": 1e6 + 1e-7, "scale": "Log"}, id="Log far from zero"),
        pytest.param({"min": 1, "max": 1 + 1e-12, "scale": "Log"}, id="Log of nearly the same"),
        pytest.param({"min": 0, "max": 1e-320, "scale": "Linear"}, id="subnormal"),
        pytest.param({"min": 5e-324, "max": 1e-320, "scale": "Log"}, id="Log of subnormals"),
        pytest.param({"min": 0, "max": 1e-12, "scale": "ReverseLog"}, id="ReverseLog near zero"),
        pytest.param({"min": 0.99, "max": 0.99 + 1e-12, "scale": "ReverseLog"}, id="ReverseLog"),
    ],
)
def test_a_tiny_range_is_not_rounded_away(fields: dict[str, Any]) -> None:
    axis = make_axis(**fields)
    values = {float(axis.decode(k / 10)) for k in range(11)}
    assert len(values) == 11
    assert all(fields["min"] <= value <= fields["max"] for value in values)
    assert all(axis.decode(axis.encode(value)) == value for value in values)


def test_integers_far_from_zero_are_told_apart_on_a_log_scale() -> None:
    axis = make_axis("Integer", min=10**15, max=10**15 + 100, scale="Log")
    drawn = {axis.decode(k / 1000) for k in range(1001)}
    assert drawn == set(range(10**15, 10**15 + 101))
    assert all(axis.decode(axis.encode(value)) == value for value in drawn)


def test_the_widest_range_is_halved_at_zero() -> None:
    axis = make_axis(min=-1e18, max=1e18)
    assert axis.decode(0.5) == 0
    assert axis.encode(0) == 0.5
