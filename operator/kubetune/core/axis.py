"""One axis of the search space: the values of one parameter against the interval [0, 1].

Symbols: u a number in [0, 1]; k the number of a value on a countable axis, from 0; n the number of
values. Three kinds: `Interval` (every float of a range), `Steps` (min, min + step, …) and `Choice`.
Uniform u gives values that are uniform in the warped range (see core.scale).
"""

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from kubetune.api.parameters import ParameterSpec, ParameterType, ParameterValue, Scale
from kubetune.core.scale import exact, resolve_scale, unwarp, warp
from kubetune.errors import SearchSpaceError

# Floats without a step are rounded to about this many digits: more than any training can tell
# apart, few enough that a value has one short text and survives encode and decode unchanged.
DIGITS = 10
# Floats next to 1 are 1.1e-16 apart; 15 decimals still tell each rounded value from the next.
_MAX_PLACES_NEAR_ONE = 15


class Axis(Protocol):
    """The values of one parameter, ordered along [0, 1]."""

    @property
    def size(self) -> int | None:
        """Number of values; None if they cannot be counted."""

    def value(self, k: int) -> ParameterValue:
        """Return the k-th value of a countable axis, 0 <= k < size."""

    def decode(self, u: float) -> ParameterValue:
        """Return the value at u, 0 <= u <= 1."""

    def encode(self, value: ParameterValue) -> float:
        """Return a u that decodes to the value."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Every float between two bounds, both inclusive; 0 is the lower bound and 1 the upper."""

    low: float
    high: float
    scale: Scale

    @property
    def size(self) -> None:
        """None: floats are not counted."""
        return

    def value(self, k: int) -> ParameterValue:
        """Raise: an interval has no k-th value."""
        raise SearchSpaceError([f"[{self.low}, {self.high}] has no value number {k}: no step"])

    def decode(self, u: float) -> float:
        """Return the value at u, rounded (see `DIGITS`) and never outside the bounds."""
        if u <= 0:
            return self.low
        if u >= 1:
            return self.high
        if self.scale is Scale.LINEAR:
            # Fractions, because floats would lose the last digits of a tiny range far from 0.
            share = Fraction(u)
            value = float(Fraction(self.low) * (1 - share) + Fraction(self.high) * share)
        else:
            bottom, top = warp(self.scale, self.low), warp(self.scale, self.high)
            value = unwarp(self.scale, bottom + u * (top - bottom))
        return min(max(self._round(value), self.low), self.high)

    def encode(self, value: ParameterValue) -> float:
        """Return u; exact round trip for every value that `decode` gives."""
        if self.scale is Scale.LINEAR:
            low = Fraction(self.low)
            return float((Fraction(value) - low) / (Fraction(self.high) - low))
        bottom, top = warp(self.scale, self.low), warp(self.scale, self.high)
        return (warp(self.scale, float(value)) - bottom) / (top - bottom)

    def _round(self, value: float) -> float:
        """Return the value with DIGITS digits of what its scale resolves."""
        if self.scale is Scale.LOG:
            return float(f"{value:.{DIGITS}g}")
        if self.scale is Scale.REVERSE_LOG:
            places = DIGITS - 1 - Decimal(1 - value).adjusted()
            return round(value, min(places, _MAX_PLACES_NEAR_ONE))
        span = Decimal(self.high) - Decimal(self.low)
        return round(value, DIGITS - span.adjusted())


@dataclass(frozen=True, slots=True)
class Steps:
    """The values low, low + step, …, `size` of them.

    Each value owns the part of the warped range that is nearer to it than to its neighbours; the
    first and the last own as much outside as inside, so the bounds are not drawn half as often.
    Values are computed in exact decimal arithmetic: 0.3, never 0.30000000000000004.
    """

    low: Fraction
    step: Fraction
    size: int
    scale: Scale
    integer: bool

    def value(self, k: int) -> int | float:
        """Return the k-th value."""
        number = self.low + k * self.step
        return int(number) if self.integer else float(number)

    def decode(self, u: float) -> int | float:
        """Return the value that owns u."""
        if self._even:
            return self.value(min(int(Fraction(u) * self.size), self.size - 1))
        low, high = self._edges()
        t = low + u * (high - low)
        guess = (unwarp(self.scale, t) - float(self.low)) / float(self.step)
        k = min(max(round(guess), 0), self.size - 1)
        while k > 0 and t < self._border(k):
            k -= 1
        while k < self.size - 1 and t >= self._border(k + 1):
            k += 1
        return self.value(k)

    def encode(self, value: ParameterValue) -> float:
        """Return u of the value; exact round trip as long as floats tell the values' u apart."""
        if self._even:
            k = round((exact(float(value)) - self.low) / self.step)
            return float(Fraction(2 * k + 1, 2 * self.size))
        low, high = self._edges()
        return (warp(self.scale, float(value)) - low) / (high - low)

    @property
    def _even(self) -> bool:
        """True if every value owns the same share of [0, 1]."""
        return self.scale is Scale.LINEAR or self.size == 1

    def _warped(self, k: int) -> float:
        return warp(self.scale, float(self.value(k)))

    def _border(self, k: int) -> float:
        """Return t half-way between the values k - 1 and k."""
        return (self._warped(k - 1) + self._warped(k)) / 2

    def _edges(self) -> tuple[float, float]:
        """Return t at u = 0 and at u = 1."""
        first, last = self._warped(0), self._warped(self.size - 1)
        return 2 * first - self._border(1), 2 * last - self._border(self.size - 1)


@dataclass(frozen=True, slots=True)
class Choice:
    """The values of a Categorical parameter, each with the same share of [0, 1]."""

    values: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of values."""
        return len(self.values)

    def value(self, k: int) -> str:
        """Return the k-th value."""
        return self.values[k]

    def decode(self, u: float) -> str:
        """Return the value that owns u."""
        return self.values[min(int(u * self.size), self.size - 1)]

    def encode(self, value: ParameterValue) -> float:
        """Return the middle of the value's share."""
        return (self.values.index(str(value)) + 0.5) / self.size


def build_axis(spec: ParameterSpec) -> Axis:
    """Return the axis of a parameter.

    Raises:
        SearchSpaceError: the parameter has no values, bounds that contradict each other or its
            scale, or an Integer bound that is not whole.
    """
    if spec.type is ParameterType.CATEGORICAL:
        if not spec.values:
            raise SearchSpaceError([f"parameter {spec.name}: values is empty"])
        return Choice(tuple(spec.values))
    low, high = _bounds(spec)
    scale = resolve_scale(spec)
    if scale is Scale.LOG and low <= 0:
        raise SearchSpaceError([f"parameter {spec.name}: scale Log needs min > 0, not {low}"])
    if scale is Scale.REVERSE_LOG and not (low >= 0 and high < 1):
        raise SearchSpaceError([f"parameter {spec.name}: scale ReverseLog needs 0 <= min, max < 1"])
    integer = spec.type is ParameterType.INTEGER
    if spec.step is None and not integer:
        return Interval(low, high, scale)
    step = exact(spec.step if spec.step is not None else 1.0)
    if integer and any(number.denominator != 1 for number in (exact(low), exact(high), step)):
        raise SearchSpaceError([f"parameter {spec.name}: an Integer has whole min, max and step"])
    size = math.floor((exact(high) - exact(low)) / step) + 1
    return Steps(exact(low), step, size, scale, integer)


def _bounds(spec: ParameterSpec) -> tuple[float, float]:
    if spec.min is None or spec.max is None or not spec.min < spec.max:
        raise SearchSpaceError([f"parameter {spec.name}: needs min < max"])
    return spec.min, spec.max
