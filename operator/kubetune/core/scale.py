"""The scales of a numeric range: strictly increasing maps between a value and a warped number.

Searching uniformly in the warped number is what a scale means. Symbols: v a value; l the lower
bound; t the warped number, 0 at l: v - l for Linear, ln(v / l) for Log and
ln((1 - l) / (1 - v)) for ReverseLog.
"""

import math
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Warp:
    """A scale on a range.

    A difference of logarithms loses the digits in which the values of a narrow range differ, and
    ln(1 + x) would overflow on the widest ones. So a range is narrow if its warped ends are less
    than ln 2 apart, and each kind has a formula of its own.

    Attributes:
        scale: Linear, Log (low > 0) or ReverseLog (0 <= low, high < 1).
        low: l, the lower bound.
        high: The upper bound, not below low.
    """

    scale: Scale
    low: float
    high: float

    @property
    def is_narrow(self) -> bool:
        """True where t is nearly proportional to v - l."""
        match self.scale:
            case Scale.LOG:
                return self.high < 2 * self.low
            case Scale.REVERSE_LOG:
                return 1 - self.low < 2 * (1 - self.high)
            case _:
                return True

    @property
    def width(self) -> float:
        """The range of t: 0 to this."""
        return self.warped(self.high)

    def warped(self, value: float) -> float:
        """Return t of a value; exactly 0 for l."""
        match self.scale:
            case Scale.LOG:
                if self.is_narrow:
                    return math.log1p((value - self.low) / self.low)
                return math.log(value) - math.log(self.low)
            case Scale.REVERSE_LOG:
                if self.is_narrow:
                    return -math.log1p((self.low - value) / (1 - self.low))
                return math.log1p(-self.low) - math.log1p(-value)
            case _:
                return value - self.low

    def value(self, warped: float) -> float:
        """Return the value of t, up to rounding."""
        match self.scale:
            case Scale.LOG:
                if self.is_narrow:
                    return self.low + self.low * math.expm1(warped)
                return math.exp(math.log(self.low) + warped)
            case Scale.REVERSE_LOG:
                if self.is_narrow:
                    return self.low - (1 - self.low) * math.expm1(-warped)
                return -math.expm1(math.log1p(-self.low) - warped)
            case _:
                return self.low + warped
