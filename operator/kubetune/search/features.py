"""The search space as the surrogate sees it: rows of numbers in which distance means something.

A coordinate of a parameter is its place in [0, 1], so that 0 is its first and 1 its last value, in
the scale of the parameter; of a Categorical it is the number of the value, which is only ever
compared for being the same. Integers and stepped Floats keep their own values: between two
neighbours there is no coordinate.

Symbols: n, m numbers of points; d the number of parameters; z (n, d) coordinates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kubetune.api.parameters import ParameterValue
from kubetune.core.axis import Axis, Choice
from kubetune.core.space import Point, SearchSpace

Floats = NDArray[np.float64]

# Steps up to here are held as a table; the coordinates of more are as good as continuous.
_TABLE = 2048


@dataclass(frozen=True, slots=True)
class Column:
    """One parameter's coordinates.

    Attributes:
        axis: The parameter's values.
        table: The coordinate of each value, ascending, (size,); None if they are not tabulated.
        low: u of the coordinate 0, for what is not tabulated.
        span: u of the coordinate 1 less `low`.
        categorical: True if coordinates are only ever the same or not.
    """

    axis: Axis
    table: Floats | None
    low: float
    span: float
    categorical: bool

    @property
    def choices(self) -> int:
        """Number of values that are told apart; 0 for a continuous column."""
        return 0 if self.table is None else len(self.table)

    def snap(self, z: Floats) -> Floats:
        """Return the nearest coordinates that a value has, (n,)."""
        if self.table is None:
            return np.clip(z, 0.0, 1.0)
        return self.table[self.places(z)]

    def places(self, z: Floats) -> NDArray[np.intp]:
        """Return the numbers of the values nearest to the coordinates, (n,); only with a table."""
        table = self.table
        if table is None or len(table) == 1:
            return np.zeros(len(z), dtype=np.intp)
        right = np.clip(np.searchsorted(table, z), 1, len(table) - 1)
        return right - (z - table[right - 1] < table[right] - z)

    def spread(self, u: Floats) -> Floats:
        """Return coordinates for uniform numbers u in [0, 1), as often as random search does."""
        return self.snap((u - self.low) / self.span)

    def encode(self, value: ParameterValue) -> float:
        """Return the coordinate of a value."""
        z = (self.axis.encode(value) - self.low) / self.span
        return float(self.snap(np.array([z]))[0])

    def decode(self, z: float) -> ParameterValue:
        """Return the value at a coordinate."""
        if self.table is None:
            return self.axis.decode(min(max(self.low + z * self.span, 0.0), 1.0))
        return self.axis.value(int(self.places(np.array([z]))[0]))


@dataclass(frozen=True, slots=True)
class Features:
    """Points of a search space against rows of coordinates.

    Attributes:
        space: The search space.
        columns: Its parameters, in the order of the spec.
        categorical: Which columns are Categorical, (d,) of bool.
    """

    space: SearchSpace
    columns: tuple[Column, ...]
    categorical: NDArray[np.bool_]

    def encode(self, points: Sequence[Mapping[str, ParameterValue]]) -> Floats:
        """Return the coordinates of points of the space, (n, d)."""
        rows = [
            [
                column.encode(point[name])
                for name, column in zip(self.space.names, self.columns, strict=True)
            ]
            for point in points
        ]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(self.columns))

    def decode(self, row: Floats) -> Point:
        """Return the point at one row of coordinates, (d,)."""
        return {
            name: column.decode(float(z))
            for name, column, z in zip(self.space.names, self.columns, row, strict=True)
        }

    def snap(self, z: Floats) -> Floats:
        """Return the nearest rows that points of the space have, (n, d)."""
        return np.stack([column.snap(z[:, j]) for j, column in enumerate(self.columns)], axis=1)

    def grid(self) -> Floats:
        """Return the rows of all points of a space whose columns all have a table, (n, d)."""
        tables = [column.table for column in self.columns if column.table is not None]
        return np.stack([axis.ravel() for axis in np.meshgrid(*tables, indexing="ij")], axis=1)

    def spread(self, u: Floats) -> Floats:
        """Return rows for rows of uniform numbers in [0, 1), (n, d)."""
        return np.stack([column.spread(u[:, j]) for j, column in enumerate(self.columns)], axis=1)


def build_features(space: SearchSpace) -> Features:
    """Return the coordinates of a search space."""
    columns = tuple(_column(axis) for axis in space.axes)
    return Features(space, columns, np.array([column.categorical for column in columns]))


def _column(axis: Axis) -> Column:
    size = axis.size
    if isinstance(axis, Choice):
        table = np.arange(axis.size, dtype=np.float64)
        return Column(axis, table, 0.5 / axis.size, 1 / axis.size, categorical=True)
    if size is None:
        return Column(axis, None, 0.0, 1.0, categorical=False)
    first, last = axis.encode(axis.value(0)), axis.encode(axis.value(size - 1))
    span = last - first if last > first else 1.0
    if size > _TABLE:
        return Column(axis, None, first, span, categorical=False)
    table = np.array([(axis.encode(axis.value(k)) - first) / span for k in range(size)])
    return Column(axis, table, first, span, categorical=False)
