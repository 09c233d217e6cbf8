"""One axis of the search space: the values of one parameter against the interval [0, 1].

Symbols: u a number in [0, 1]; t a warped number (see core.scale); k the number of a value on a
countable axis, from 0; n the number of values. Three kinds: `Interval` (every float of a range),
`Steps` (min, min + step, …) and `Choice`. Uniform u gives values that are uniform in t.
"""

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from kubetune.api.parameters import ParameterSpec, ParameterType, ParameterValue, Scale
from kubetune.core.scale import Warp, exact, resolve_scale
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

    def number(self, value: ParameterValue) -> int | None:
        """Return k of a value; None if it is not one of a countable axis."""

    def contains(self, value: ParameterValue) -> bool:
        """Return whether it is a value of the parameter."""

    def decode(self, u: float) -> ParameterValue:
        """Return the value at u, 0 <= u <= 1."""

    def encode(self, value: ParameterValue) -> float:
        """Return a u that decodes to the value, if it is one that `decode` gives."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Every float between two bounds, both inclusive; 0 is the lower bound and 1 the upper.

    Attributes:
        warp: The scale and the bounds.
        places: Decimal places that values are rounded to; None where their number depends on the
            value, on a Log or ReverseLog range that is not narrow.
    """

    warp: Warp
    places: int | None

    @property
    def size(self) -> None:
        """None: floats are not counted."""
        return

    def value(self, k: int) -> ParameterValue:
        """Raise: an interval has no k-th value."""
        raise SearchSpaceError(
            [f"[{self.warp.low}, {self.warp.high}] has no value number {k}: no step"]
        )

    def number(self, value: ParameterValue) -> None:
        """None: floats are not counted."""
        del value

    def contains(self, value: ParameterValue) -> bool:
        """Return whether it is a number within the bounds."""
        return not isinstance(value, str) and self.warp.low <= value <= self.warp.high

    def decode(self, u: float) -> float:
        """Return the value at u, rounded (see `DIGITS`) and never outside the bounds."""
        if u <= 0:
            return self.warp.low
        if u >= 1:
            return self.warp.high
        value = self._rounded(self.warp.value(u * self.warp.width))
        # A sum with zero has no negative zero, whose text JSON does not keep.
        return min(max(value, self.warp.low), self.warp.high) + 0.0

    def encode(self, value: ParameterValue) -> float:
        """Return u; exact round trip for every value that `decode` gives."""
        return self.warp.warped(float(value)) / self.warp.width

    def _rounded(self, value: float) -> float:
        """Return the value with DIGITS digits of what its scale resolves."""
        if self.places is not None:
            return round(value, self.places)
        if self.warp.scale is Scale.LOG:
            return float(f"{value:.{DIGITS}g}")
        places = DIGITS - 1 - Decimal(1 - value).adjusted()
        return round(value, min(places, _MAX_PLACES_NEAR_ONE))


@dataclass(frozen=True, slots=True)
class Steps:
    """The values min, min + step, …, `size` of them: (first + k * stride) / unit.

    Each value owns the part of the warped range that is nearer to it than to its neighbours; the
    first and the last own as much outside as inside, so the bounds are not drawn half as often.
    Whole numbers, because a quotient of them is rounded once: 0.3, never 0.30000000000000004.

    Attributes:
        first: min * unit.
        stride: step * unit.
        unit: 1, or a power of ten that makes the other two whole.
        size: n.
        warp: The scale, from the first value to the last.
        integer: Whether the values are of the type Integer; unit is 1 then.
    """

    first: int
    stride: int
    unit: int
    size: int
    warp: Warp
    integer: bool

    def value(self, k: int) -> int | float:
        """Return the k-th value."""
        number = self.first + k * self.stride
        return number if self.integer else number / self.unit

    def number(self, value: ParameterValue) -> int | None:
        """Return k of a value; None if it is none of these."""
        if isinstance(value, str) or not math.isfinite(value):
            return None
        k = (exact(value) * self.unit - self.first) / self.stride
        return int(k) if k.denominator == 1 and 0 <= k < self.size else None

    def contains(self, value: ParameterValue) -> bool:
        """Return whether it is one of the values."""
        return self.number(value) is not None

    def decode(self, u: float) -> int | float:
        """Return the value that owns u."""
        return self.value(self._owner(u))

    def encode(self, value: ParameterValue) -> float:
        """Return u of the value; exact round trip as long as floats tell the values' u apart."""
        if self._even:
            over, under = float(value).as_integer_ratio()
            k = round((over * self.unit - self.first * under) / (self.stride * under))
            return (2 * k + 1) / (2 * self.size)
        low, high = self._edges()
        return (self.warp.warped(float(value)) - low) / (high - low)

    def _owner(self, u: float) -> int:
        """Return k of the value that owns u."""
        if self._even:
            over, under = float(u).as_integer_ratio()
            return min(over * self.size // under, self.size - 1)
        low, high = self._edges()
        t = low + u * (high - low)
        guess = round((self.warp.value(t) * self.unit - self.first) / self.stride)
        k = min(max(guess, 0), self.size - 1)
        while k > 0 and t < self._border(k):
            k -= 1
        while k < self.size - 1 and t >= self._border(k + 1):
            k += 1
        return k

    @property
    def _even(self) -> bool:
        """True if every value owns the same share of [0, 1]."""
        return self.warp.scale is Scale.LINEAR or self.size == 1

    def _warped(self, k: int) -> float:
        return self.warp.warped(self.value(k))

    def _border(self, k: int) -> float:
        """Return t half-way between the values k - 1 and k."""
        return (self._warped(k - 1) + self._warped(k)) / 2

    def _edges(self) -> tuple[float, float]:
        """Return t at u = 0 and at u = 1."""
        last = self.warp.width
        return -self._border(1), 2 * last - self._border(self.size - 1)


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

    def number(self, value: ParameterValue) -> int | None:
        """Return k of a value; None if it is none of these."""
        return self.values.index(value) if value in self.values else None

    def contains(self, value: ParameterValue) -> bool:
        """Return whether it is one of the values."""
        return self.number(value) is not None

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
        return _interval(Warp(scale, low, high))
    step = spec.step if spec.step is not None else 1.0
    if integer and any(not number.is_integer() for number in (low, high, step)):
        raise SearchSpaceError([f"parameter {spec.name}: an Integer has whole min, max and step"])
    return _steps(scale, low, high, step, integer=integer)


def _interval(warp: Warp) -> Interval:
    span = Decimal(warp.high) - Decimal(warp.low)
    return Interval(warp, places=DIGITS - span.adjusted() if warp.is_narrow else None)


def _steps(scale: Scale, low: float, high: float, step: float, *, integer: bool) -> Steps:
    first, stride, span = exact(low), exact(step), exact(high) - exact(low)
    unit = math.lcm(first.denominator, stride.denominator)
    last = first + span // stride * stride
    return Steps(
        first=int(first * unit),
        stride=int(stride * unit),
        unit=unit,
        size=span // stride + 1,
        warp=Warp(scale, float(first), float(last)),
        integer=integer,
    )


def _bounds(spec: ParameterSpec) -> tuple[float, float]:
    if spec.min is None or spec.max is None or not spec.min < spec.max:
        raise SearchSpaceError([f"parameter {spec.name}: needs min < max"])
    # A sum with zero has no negative zero: equal specs have to mean the same values.
    return spec.min + 0.0, spec.max + 0.0
