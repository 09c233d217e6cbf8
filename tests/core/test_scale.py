import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubetune.api.parameters import ParameterSpec, Scale
from kubetune.core.scale import exact, resolve_scale, unwarp, warp


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


@given(st.sampled_from(list(Scale)), st.floats(1e-9, 0.999999))
def test_unwarp_undoes_warp(scale: Scale, value: float) -> None:
    assert unwarp(scale, warp(scale, value)) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("scale", list(Scale))
def test_every_scale_keeps_the_order_of_values(scale: Scale) -> None:
    warped = [warp(scale, value / 1000) for value in range(1, 1000)]
    assert warped == sorted(set(warped))


def test_reverse_log_gives_equal_room_to_each_nine() -> None:
    nines = [warp(Scale.REVERSE_LOG, value) for value in (0.9, 0.99, 0.999)]
    assert nines[1] - nines[0] == pytest.approx(math.log(10))
    assert nines[2] - nines[1] == pytest.approx(math.log(10))


def test_exact_is_the_number_that_was_written() -> None:
    assert 3 * exact(0.1) == exact(0.3)
    assert exact(1e-05) * 10**5 == 1
