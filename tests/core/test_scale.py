import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubetune.api.parameters import ParameterSpec, Scale
from kubetune.core.scale import Warp, exact, resolve_scale


@pytest.mark.parametrize(
    ("fields", "want"),
    [
        pytest.param({"min": 0.001, "max": 1}, Scale.LOG, id="three decades exactly are Log"),
        pytest.param({"min": 0.0001, "max": 0.1}, Scale.LOG, id="decimals are compared exactly"),
        pytest.param({"min": 0.0011, "max": 1}, Scale.LINEAR, id="less than three decades"),
        pytest.param({"min": 0, "max": 1000}, Scale.LINEAR, id="from zero"),
        pytest.param({"min": -1000, "max": -0.1}, Scale.LINEAR, id="below zero"),
        pytest.param({"min": 1, "max": 10_000, "step": 1}, Scale.LINEAR, id="with a step"),
        pytest.param({"min": 1, "max": 10_000, "scale": "Auto"}, Scale.LOG, id="Auto in words"),
        pytest.param({"min": 1, "max": 2, "scale": "Log"}, Scale.LOG, id="Log as asked"),
        pytest.param({"min": 1, "max": 1e9, "scale": "Linear"}, Scale.LINEAR, id="Linear as asked"),
        pytest.param({"max": 1}, Scale.LINEAR, id="without min"),
        pytest.param({"min": 1}, Scale.LINEAR, id="without max"),
    ],
)
def test_auto_is_log_for_a_wide_positive_range_without_step(
    fields: dict[str, object], want: Scale
) -> None:
    spec = ParameterSpec.model_validate({"name": "p", "type": "Float", **fields})
    assert resolve_scale(spec) is want


SCALES = st.sampled_from([Scale.LINEAR, Scale.LOG, Scale.REVERSE_LOG])


@given(SCALES, st.floats(1e-9, 0.999999), st.floats(1e-9, 0.999999), st.floats(0, 1))
def test_a_warped_value_is_found_again(
    scale: Scale, first: float, second: float, share: float
) -> None:
    low, high = sorted((first, second))
    warp = Warp(scale, low, high)
    value = low + share * (high - low)
    assert warp.value(warp.warped(value)) == pytest.approx(value, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("scale", [Scale.LINEAR, Scale.LOG, Scale.REVERSE_LOG])
@pytest.mark.parametrize(
    ("low", "high"),
    [
        pytest.param(0.001, 0.999, id="wide"),
        pytest.param(0.5, 0.6, id="narrow"),
        pytest.param(0.5, 0.5 + 1e-12, id="a few thousand floats"),
    ],
)
def test_a_scale_begins_at_zero_and_keeps_the_order_of_values(
    scale: Scale, low: float, high: float
) -> None:
    warp = Warp(scale, low, high)
    warped = [warp.warped(low + share / 1000 * (high - low)) for share in range(1001)]
    assert warped[0] == 0
    assert warped[-1] == warp.width
    assert warped == sorted(set(warped))


@pytest.mark.parametrize("scale", [Scale.LOG, Scale.REVERSE_LOG])
def test_both_formulas_agree_where_one_takes_over_from_the_other(scale: Scale) -> None:
    bounds = {Scale.LOG: (0.25, 0.5), Scale.REVERSE_LOG: (0.5, 0.75)}[scale]
    wide = Warp(scale, *bounds)
    narrow = Warp(scale, bounds[0], math.nextafter(bounds[1], 0))
    assert (wide.is_narrow, narrow.is_narrow) == (False, True)
    for share in range(11):
        value = bounds[0] + share / 11 * 0.25
        assert wide.warped(value) == pytest.approx(narrow.warped(value), abs=1e-15)
        assert wide.value(share / 20) == pytest.approx(narrow.value(share / 20), abs=1e-15)


def test_log_gives_equal_room_to_each_decade() -> None:
    warp = Warp(Scale.LOG, 1e-300, 1e18)
    assert warp.width == pytest.approx(318 * math.log(10))
    assert warp.warped(1e-299) == pytest.approx(math.log(10))


def test_reverse_log_gives_equal_room_to_each_nine() -> None:
    warp = Warp(Scale.REVERSE_LOG, 0.9, 0.999)
    assert warp.warped(0.99) == pytest.approx(math.log(10))
    assert warp.width == pytest.approx(2 * math.log(10))


def test_exact_is_the_number_that_was_written() -> None:
    assert 3 * exact(0.1) == exact(0.3)
    assert exact(1e-05) * 10**5 == 1
