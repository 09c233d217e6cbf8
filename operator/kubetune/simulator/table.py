"""A training that was recorded: rows of parameters, step, objective and seconds.

One column for each parameter, by its name; one for the objective, by its metric's name or `value`;
and if there are any, `step` (or `epoch`) and `seconds`, the time since the row before. Other
columns, and rows outside the search space, are left alone. An empty cell of the objective is a
trial that fails there.

A point that is not in the table takes the rows of the nearest one: by the distance in the unit
cube of the search space, a Categorical that differs counting 1. `Table.is_exact` tells which.
"""

import csv
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import StringIO
from typing import Any

from kubetune.api.parameters import ParameterSpec, ParameterType, ParameterValue
from kubetune.core.space import SearchSpace, build_space
from kubetune.errors import ObjectiveError
from kubetune.simulator.training import Attempt, Report

STEP_COLUMNS = ("step", "epoch")
_SHOWN = 12

Key = tuple[ParameterValue | None, ...]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Recorded trainings by their point.

    Attributes:
        space: The search space.
        categorical: For each parameter whether it is Categorical.
        curves: The reports of each point, by step.
    """

    space: SearchSpace
    categorical: tuple[bool, ...]
    curves: Mapping[Key, tuple[Report, ...]]
    _encoded: Mapping[Key, tuple[float, ...]] = field(default_factory=dict)

    def is_exact(self, parameters: Mapping[str, ParameterValue]) -> bool:
        """Return whether the point itself is in the table."""
        return self.space.key(parameters) in self.curves

    def train(self, attempt: Attempt) -> Iterator[Report]:
        """Yield what was recorded of the attempt's point, as far as its resource goes."""
        for report in self.curves[self._nearest(attempt.parameters)]:
            if attempt.resource is not None and report.step > attempt.resource:
                return
            yield report

    def _nearest(self, parameters: Mapping[str, ParameterValue]) -> Key:
        key = self.space.key(parameters)
        if key in self.curves:
            return key
        u = self.space.encode(parameters)

        def distance(other: Key) -> float:
            return sum(
                float(a != b) if choice else (x - y) ** 2
                for a, b, x, y, choice in zip(
                    key, other, u, self._encoded[other], self.categorical, strict=True
                )
            )

        # Among equals the first of the table: dicts keep their order.
        return min(self.curves, key=distance)


def read_rows(text: str, name: str) -> list[Row]:
    """Return the rows of a file: CSV with a header, or a JSON list of objects.

    Raises:
        ObjectiveError: It is neither.
    """
    if name.lower().endswith(".json"):
        try:
            rows = json.loads(text)
        except ValueError as error:
            raise ObjectiveError(f"{name} is not JSON: {error}") from None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ObjectiveError(f"{name} has to be a list of objects, one a row")
        return rows
    try:
        return list(csv.DictReader(StringIO(text), strict=True))
    except csv.Error as error:
        raise ObjectiveError(f"{name} is not CSV: {error}") from None


def build_table(
    rows: Sequence[Row],
    parameters: Sequence[ParameterSpec],
    *,
    metric: str,
    name: str,
    step_seconds: float = 1.0,
) -> Table:
    """Return the table of the rows.

    Args:
        rows: The rows of the file.
        parameters: The search space.
        metric: Name of the objective metric.
        name: The file, for messages.
        step_seconds: Time of a step if the table has no column `seconds`.

    Raises:
        ObjectiveError: A column is missing, a cell is no number, a point has a step twice.
    """
    if not rows:
        raise ObjectiveError(f"{name} has no rows")
    columns = _Columns.of(rows[0], parameters, metric=metric, name=name)
    space = build_space(parameters)
    curves: dict[Key, dict[int, Report]] = {}
    for place, row in enumerate(rows, start=1):
        where = f"{name}, row {place}"
        point = _point(row, parameters, where)
        if point is None:
            continue
        curve = curves.setdefault(space.key(point), {})
        step = columns.step_of(row, where)
        if step in curve:
            raise ObjectiveError(
                f"{where}: the point {point} has step {step} twice; average them, or keep one"
            )
        curve[step] = Report(
            step=step, value=columns.value_of(row, where), seconds=columns.seconds_of(row, where)
        )
    if not curves:
        raise ObjectiveError(f"{name} has no row inside the search space")
    ordered = {key: tuple(c[step] for step in sorted(c)) for key, c in curves.items()}
    if columns.seconds is None:
        ordered = {key: tuple(_timed(curve, step_seconds)) for key, curve in ordered.items()}
    return Table(
        space=space,
        categorical=tuple(p.type is ParameterType.CATEGORICAL for p in parameters),
        curves=ordered,
        _encoded={
            key: space.encode(
                {n: v for n, v in zip(space.names, key, strict=True) if v is not None}
            )
            for key in ordered
        },
    )


def _timed(curve: Sequence[Report], step_seconds: float) -> Iterator[Report]:
    before = 0
    for report in curve:
        # A whole training may be recorded as step 0.
        yield replace(report, seconds=max(report.step - before, 0 if before else 1) * step_seconds)
        before = report.step


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """Names of the columns; None where the table has none."""

    value: str
    step: str | None
    seconds: str | None

    @classmethod
    def of(
        cls, row: Row, parameters: Sequence[ParameterSpec], *, metric: str, name: str
    ) -> "_Columns":
        # CSV gives cells beyond the header the name None.
        named = [str(column) for column in row if column is not None]
        there = ", ".join(named[:_SHOWN]) + (", …" if len(named) > _SHOWN else "")
        missing = [parameter.name for parameter in parameters if parameter.name not in row]
        if missing:
            raise ObjectiveError(
                f"{name} has no column for the parameter {', '.join(missing)}; it has {there}"
            )
        value = next((column for column in (metric, "value") if column in row), None)
        if value is None:
            raise ObjectiveError(
                f"{name} has no column {metric} (the objective) and none called value; "
                f"it has {there}"
            )
        step = next((column for column in STEP_COLUMNS if column in row), None)
        return cls(value=value, step=step, seconds="seconds" if "seconds" in row else None)

    def value_of(self, row: Row, where: str) -> float | None:
        cell = row.get(self.value)
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            return None
        return _number(cell, self.value, where)

    def step_of(self, row: Row, where: str) -> int:
        if self.step is None:
            return 1
        step = _number(row.get(self.step), self.step, where)
        if not math.isfinite(step) or step != int(step) or step < 0:
            raise ObjectiveError(f"{where}: {self.step} is {row[self.step]}, not a whole number")
        return int(step)

    def seconds_of(self, row: Row, where: str) -> float:
        if self.seconds is None:
            return 0.0
        seconds = _number(row.get(self.seconds), self.seconds, where)
        if not 0 <= seconds < math.inf:
            raise ObjectiveError(f"{where}: seconds is {row[self.seconds]}, not 0 or more")
        return seconds


def _point(
    row: Row, parameters: Sequence[ParameterSpec], where: str
) -> dict[str, ParameterValue] | None:
    """Return the row's point; None if it is outside the search space."""
    point: dict[str, ParameterValue] = {}
    for parameter in parameters:
        cell = row.get(parameter.name)
        if parameter.type is ParameterType.CATEGORICAL:
            if str(cell) not in (parameter.values or ()):
                return None
            point[parameter.name] = str(cell)
            continue
        number = _number(cell, parameter.name, where)
        is_integer = parameter.type is ParameterType.INTEGER
        if not math.isfinite(number) or (is_integer and number != int(number)):
            raise ObjectiveError(
                f"{where}: {parameter.name} is {cell}, no value of {parameter.type}"
            )
        point[parameter.name] = int(number) if is_integer else number
    return point


def _number(cell: Any, column: str, where: str) -> float:
    try:
        return float(cell)
    except (TypeError, ValueError):
        raise ObjectiveError(f"{where}: {column} is {cell!r}, which is no number") from None
