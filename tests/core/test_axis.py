"""What holds for every axis: values survive encoding, bounds are reached, order is kept."""

import json
import math
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kubetune.errors import SearchSpaceError
from tests.core.axes import make_axis

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
