"""Steps are counted in decimals and exactly; zero has no sign."""

import json

from kubetune.api.parameters import ParameterSpec, ParameterType
from kubetune.core.space import build_space
from tests.core.axes import make_axis


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


def test_floats_have_short_texts() -> None:
    for fields in (
        {"min": 0.0001, "max": 1},
        {"min": 0, "max": 1},
        {"min": 0.5, "max": 0.999, "scale": "ReverseLog"},
        {"min": -1e6, "max": 1e6},
    ):
        value = make_axis(**fields).decode(1 / 3)
        assert len(f"{value}".replace(".", "").lstrip("-0")) <= 12


def test_a_step_as_wide_as_nothing_leaves_one_value() -> None:
    axis = make_axis(min=1, max=2, step=5, scale="Log")
    assert axis.size == 1
    assert axis.decode(0.7) == 1
    assert axis.decode(axis.encode(1)) == 1
