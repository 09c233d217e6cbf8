"""The search space: its points against the unit cube and against the numbers from 0.

A point has one value per parameter.

Symbols: d the number of parameters; u a point of the unit cube, d numbers in [0, 1]; k the number
of a point of a finite space.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from kubetune.api.parameters import ParameterSpec, ParameterValue
from kubetune.core.axis import Axis, build_axis
from kubetune.errors import SearchSpaceError

Point = dict[str, ParameterValue]


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """All points that may be tried.

    Attributes:
        names: The parameters, in the order of the spec.
        axes: Their values, in the same order.
        size: Number of points; None if a parameter is a Float without a step.
    """

    names: tuple[str, ...]
    axes: tuple[Axis, ...]
    size: int | None

    def decode(self, u: Sequence[float]) -> Point:
        """Return the point at u, (d,)."""
        return {
            name: axis.decode(x) for name, axis, x in zip(self.names, self.axes, u, strict=True)
        }

    def encode(self, point: Mapping[str, ParameterValue]) -> tuple[float, ...]:
        """Return a u, (d,), that decodes to the point."""
        return tuple(
            axis.encode(point[name]) for name, axis in zip(self.names, self.axes, strict=True)
        )

    def contains(self, point: Mapping[str, ParameterValue]) -> bool:
        """Return whether it is a point of the space; values of other parameters do not matter."""
        return all(
            name in point and axis.contains(point[name])
            for name, axis in zip(self.names, self.axes, strict=True)
        )

    def point(self, k: int) -> Point:
        """Return the k-th point of a finite space, 0 <= k < size; the last parameter turns fastest.

        Raises:
            SearchSpaceError: the space is not finite.
        """
        values: list[ParameterValue] = []
        for axis in reversed(self.axes):
            k, digit = divmod(k, axis.size or 1)
            values.append(axis.value(digit))
        return dict(zip(self.names, reversed(values), strict=True))

    def number(self, point: Mapping[str, ParameterValue]) -> int:
        """Return k of a point of a finite space.

        Raises:
            SearchSpaceError: the space is not finite, or has no such point.
        """
        k = 0
        for name, axis in zip(self.names, self.axes, strict=True):
            digit = axis.number(point[name])
            if digit is None:
                raise SearchSpaceError([f"{name}: no value number for {point[name]!r}"])
            k = k * (axis.size or 1) + digit
        return k

    def points(self) -> Iterator[Point]:
        """Yield all points of a finite space in the order of `point`."""
        columns = [[axis.value(k) for k in range(axis.size or 1)] for axis in self.axes]
        for values in product(*columns):
            yield dict(zip(self.names, values, strict=True))

    def key(self, point: Mapping[str, ParameterValue]) -> tuple[ParameterValue | None, ...]:
        """Return what makes two points the same, hashable."""
        return tuple(point.get(name) for name in self.names)


def build_space(parameters: Sequence[ParameterSpec]) -> SearchSpace:
    """Return the search space of the parameters. Cached: every decision asks for it several times.

    Raises:
        SearchSpaceError: a parameter's fields contradict each other.
    """
    return _build(tuple(parameters))


@lru_cache(maxsize=256)
def _build(parameters: tuple[ParameterSpec, ...]) -> SearchSpace:
    axes = tuple(build_axis(parameter) for parameter in parameters)
    sizes = [axis.size for axis in axes]
    counted = [size for size in sizes if size is not None]
    return SearchSpace(
        names=tuple(parameter.name for parameter in parameters),
        axes=axes,
        size=math.prod(counted) if len(counted) == len(sizes) else None,
    )
