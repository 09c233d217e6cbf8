import json
import math
from collections import Counter
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kubetune.api.parameters import ParameterSpec, ParameterType
from kubetune.core.axis import Axis, build_axis
from kubetune.core.space import build_space
from kubetune.errors import SearchSpaceError


def make_axis(kind: str = "Float", **fields: Any) -> Axis:
    return build_axis(ParameterSpec.model_validate({"name": "p", "type": kind, **fields}))


UNIT = st.floats(0, 1)
BOUNDS = {
    "Linear": st.floats(-1e18, 1e18),
    "Log": st.floats(0, 1e18, exclude_min=True),
    "ReverseLog": st.floats(0, 1, exclude_max=True),
}


@st.composite
def intervals(draw: st.DrawFn) -> dict[str, Any]:
    """Any range that the API takes, those of a few floats and of hundreds of decades included."""
    scale = draw(st.sampled_from(sorted(BOUNDS)))
    low, high = draw(BOUNDS[scale]), draw(BOUNDS[scale])
    if draw(st.booleans()):
        high = low
        for _ in range(draw(st.integers(1, 5))):
            high = math.nextafter(high, math.inf)
    low, high = sorted((low, high))
    assume(low < high <= (math.nextafter(1, 0) if scale == "ReverseLog" else 1e18))
    return {"min": low, "max": high, "scale": scale}


@st.composite
def stepped(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    kind = draw(st.sampled_from(["Float", "Integer"]))
    scale = draw(st.sampled_from(["Linear", "Log", "Auto"]))
    unit = 1.0 if kind == "Integer" else draw(st.sampled_from([1.0, 0.1, 0.25, 1e-3, 1e-7]))
    first = draw(st.integers(1 if scale == "Log" else -1000, 10**6))
    step = draw(st.integers(1, 1000))
    count = draw(st.integers(2, 2000))
    places = 7
    return kind, {
        "min": round(first * unit, places),
        "max": round((first + step * (count - 1)) * unit, places),
        "step": round(step * unit, places),
        "scale": scale,
    }


@given(intervals(), UNIT)
def test_a_decoded_float_survives_encoding_and_decoding_unchanged(
    fields: dict[str, Any], u: float
) -> None:
    axis = make_axis(**fields)
    value = axis.decode(u)
    assert axis.decode(axis.encode(value)) == value
    assert fields["min"] <= value <= fields["max"]


@given(intervals(), UNIT)
def test_a_decoded_float_survives_the_api_server(fields: dict[str, Any], u: float) -> None:
    """Which stores -0.0 as -0 and 2.0 as 2, so that a program may read them as integers."""
    value = float(make_axis(**fields).decode(u))
    text = json.dumps(value)
    stored = text.removesuffix(".0")
    assert json.dumps(float(json.loads(stored))) == text


@given(intervals())
def test_both_bounds_of_an_interval_are_reached(fields: dict[str, Any]) -> None:
    axis = make_axis(**fields)
    assert (axis.decode(0), axis.decode(1)) == (fields["min"], fields["max"])
    assert (axis.encode(fields["min"]), axis.encode(fields["max"])) == (0, 1)


@given(intervals(), st.tuples(UNIT, UNIT))
def test_a_larger_u_never_gives_a_smaller_float(
    fields: dict[str, Any], pair: tuple[float, float]
) -> None:
    axis = make_axis(**fields)
    low, high = (float(axis.decode(u)) for u in sorted(pair))
    assert low <= high


@given(stepped(), st.data())
def test_every_value_of_a_stepped_axis_survives_encoding(
    axis_fields: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    kind, fields = axis_fields
    axis = make_axis(kind, **fields)
    assert axis.size is not None
    value = axis.value(data.draw(st.integers(0, axis.size - 1)))
    assert axis.decode(axis.encode(value)) == value
    assert fields["min"] <= value <= fields["max"]
    assert type(value) is (int if kind == "Integer" else float)


@given(stepped(), UNIT)
def test_a_stepped_axis_decodes_to_one_of_its_values(
    axis_fields: tuple[str, dict[str, Any]], u: float
) -> None:
    kind, fields = axis_fields
    axis = make_axis(kind, **fields)
    assert axis.size is not None
    assert axis.decode(u) in {axis.value(k) for k in range(axis.size)}


@given(stepped())
def test_a_stepped_axis_ends_on_its_bounds(axis_fields: tuple[str, dict[str, Any]]) -> None:
    kind, fields = axis_fields
    axis = make_axis(kind, **fields)
    assert axis.size is not None
    assert axis.decode(0) == axis.value(0) == fields["min"]
    assert axis.decode(1) == axis.value(axis.size - 1) == fields["max"]


def test_steps_are_counted_in_decimals() -> None:
    axis = make_axis(min=0, max=1, step=0.1)
    assert axis.size == 11
    texts = [json.dumps(axis.value(k)) for k in range(11)]
    assert texts == ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1.0"]


def test_steps_do_not_drift_over_a_million_values() -> None:
    axis = make_axis(min=0.1, max=100_000, step=0.1)
    assert axis.size == 1_000_000
    assert axis.value(777_776) == 77777.7


def test_a_step_that_misses_max_stops_below_it() -> None:
    axis = make_axis("Integer", min=1, max=10, step=4)
    assert axis.size == 3
    assert [axis.value(k) for k in range(3)] == [1, 5, 9]
    assert axis.decode(1) == 9


def test_no_zero_is_negative() -> None:
    axes = (
        make_axis(min=-0.0, max=1),
        make_axis(min=-1, max=-0.0),
        make_axis(min=-1e-12, max=1),
        make_axis(min=-0.0, max=1, step=0.5),
    )
    values = [axis.decode(u) for axis in axes for u in (0.0, 1e-13, 1e-9, 1 - 1e-13, 1.0)]
    assert [json.dumps(value) for value in values if value == 0].count("-0.0") == 0


def test_a_zero_bound_has_no_sign_whichever_spec_was_seen_first() -> None:
    for sign in (-0.0, 0.0):
        spec = ParameterSpec(name="p", type=ParameterType.FLOAT, min=sign, max=1)
        assert json.dumps(build_space([spec]).decode([0])) == '{"p": 0.0}'


def test_zero_within_steps_is_plain_zero() -> None:
    assert json.dumps(make_axis(min=-0.3, max=0.3, step=0.1).value(3)) == "0.0"


def test_large_integers_are_exact() -> None:
    axis = make_axis("Integer", min=-(2**53), max=2**53)
    assert axis.size == 2**54 + 1
    assert axis.value(2**54 - 1) == 2**53 - 1
    assert (axis.decode(0), axis.decode(1)) == (-(2**53), 2**53)


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


def test_floats_have_short_texts() -> None:
    for fields in (
        {"min": 0.0001, "max": 1},
        {"min": 0, "max": 1},
        {"min": 0.5, "max": 0.999, "scale": "ReverseLog"},
        {"min": -1e6, "max": 1e6},
    ):
        value = make_axis(**fields).decode(1 / 3)
        assert len(f"{value}".replace(".", "").lstrip("-0")) <= 12


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


def test_a_step_as_wide_as_nothing_leaves_one_value() -> None:
    axis = make_axis(min=1, max=2, step=5, scale="Log")
    assert axis.size == 1
    assert axis.decode(0.7) == 1
    assert axis.decode(axis.encode(1)) == 1


def test_an_interval_has_no_number_of_values() -> None:
    axis = make_axis(min=0, max=1)
    assert axis.size is None
    with pytest.raises(SearchSpaceError, match="no step"):
        axis.value(0)


def test_categories_keep_their_order_and_survive_encoding() -> None:
    axis = make_axis("Categorical", values=["relu", "tanh", "gelu"])
    assert [axis.value(k) for k in range(3)] == ["relu", "tanh", "gelu"]
    assert [axis.decode(axis.encode(value)) for value in ("relu", "tanh", "gelu")] == [
        "relu",
        "tanh",
        "gelu",
    ]
    assert axis.decode(1) == "gelu"


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        pytest.param("Categorical", {}, "values is empty", id="no categories"),
        pytest.param("Float", {"max": 1}, "min < max", id="no min"),
        pytest.param("Float", {"min": 1}, "min < max", id="no max"),
        pytest.param("Float", {"min": 1, "max": 1}, "min < max", id="equal bounds"),
        pytest.param("Float", {"min": 0, "max": 1, "scale": "Log"}, "min > 0", id="Log from 0"),
        pytest.param(
            "Float", {"min": -0.5, "max": 0.5, "scale": "ReverseLog"}, "0 <= min", id="below 0"
        ),
        pytest.param("Float", {"min": 0, "max": 1, "scale": "ReverseLog"}, "max < 1", id="to 1"),
        pytest.param("Integer", {"min": 0.5, "max": 3}, "whole", id="min not whole"),
        pytest.param("Integer", {"min": 0, "max": 3.5}, "whole", id="max not whole"),
        pytest.param("Integer", {"min": 0, "max": 3, "step": 0.5}, "whole", id="step not whole"),
    ],
)
def test_a_parameter_that_contradicts_itself_is_refused(
    kind: str, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(SearchSpaceError, match=message):
        make_axis(kind, **fields)
