"""The scales of a numeric range: strictly increasing maps between a value and a warped number.

Searching uniformly in the warped number is what a scale means. Symbols: v a value, t its warped
number; t = v for Linear, ln v for Log, -ln(1 - v) for ReverseLog.
"""

import math
from fractions import Fraction

from kubetune.api.parameters import ParameterSpec, Scale

_AUTO_LOG_RATIO = 1000


def exact(number: float) -> Fraction:
    """Return the decimal number that a user wrote: 1/10 for 0.1, not the nearest binary float."""
    return Fraction(repr(number))


def resolve_scale(spec: ParameterSpec) -> Scale:
    """Return the scale in use: the one that is asked for, or what Auto means for this range.

    Auto is Log where min > 0, max / min >= 1000 and no step is given, otherwise Linear.
    """
    if spec.scale not in (None, Scale.AUTO):
        return spec.scale
    if spec.step is not None or spec.min is None or spec.max is None or spec.min <= 0:
        return Scale.LINEAR
    wide = exact(spec.max) >= _AUTO_LOG_RATIO * exact(spec.min)
    return Scale.LOG if wide else Scale.LINEAR


def warp(scale: Scale, value: float) -> float:
    """Return t of a value; v > 0 for Log, v < 1 for ReverseLog."""
    match scale:
        case Scale.LOG:
            return math.log(value)
        case Scale.REVERSE_LOG:
            return -math.log1p(-value)
        case _:
            return float(value)


def unwarp(scale: Scale, warped: float) -> float:
    """Return the value of t, up to rounding."""
    match scale:
        case Scale.LOG:
            return math.exp(warped)
        case Scale.REVERSE_LOG:
            return -math.expm1(-warped)
        case _:
            return warped
