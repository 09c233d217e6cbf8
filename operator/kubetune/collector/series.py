"""The observations of one trial, bounded; pure and deterministic: same reports, same series.

However long a trial runs, its Trial object must stay small, and what decisions rest on must never
be thinned away. Always kept: the first and the last step, the last step with an objective, the best
one, the first one at or past each rung, and for each metric the latest that is not finite. The rest
is thinned evenly: every second one goes whenever there are too many.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

LIMIT = 200
"""Most observations that are published."""


class Point:
    """One step: values by metric name, time of the latest report, and the number of its arrival."""

    __slots__ = ("number", "step", "time", "values")

    def __init__(self, step: int, number: int, time: str, values: dict[str, float]) -> None:
        self.step = step
        self.number = number
        self.time = time
        self.values = values


class Series:
    """The thinned observations of one trial.

    Args:
        objective: Name of the objective metric.
        maximize: True when a larger objective value is better.
        rungs: Steps, ascending, whose first observation at or past them is always kept.
        limit: Most observations that `observations` returns.

    Up to twice the limit is held, so a thinning (which costs the length) comes at most once per
    `limit` new steps: O(1) per report, amortised.
    """

    def __init__(
        self, objective: str, *, maximize: bool, rungs: Sequence[int] = (), limit: int = LIMIT
    ) -> None:
        self._objective = objective
        self._maximize = maximize
        self._rungs = tuple(rungs)
        self._limit = limit
        self._points: dict[int, Point] = {}
        self._arrived = 0
        self._stride = 1
        self._passed = -1

    def add(self, step: int, values: Mapping[str, float], time: str) -> bool:
        """Record a report; the latest report of a step wins, metric by metric.

        Args:
            step: From 0 on, in any order.
            values: Any floats, by metric name.
            time: RFC 3339, UTC.

        Returns:
            True if it should be published at once: the first objective value, or one at or past a
            rung that none had reached.
        """
        point = self._points.get(step)
        if point is None:
            self._points[step] = Point(step, self._arrived, time, dict(values))
            self._arrived += 1
            if len(self._points) > 2 * self._limit:
                kept, self._stride = self._thinned()
                self._points = {point.step: point for point in kept}
        else:
            point.values.update(values)
            point.time = time
        if self._objective not in values:
            return False
        passed = bisect_right(self._rungs, step)
        urgent = passed > self._passed
        self._passed = max(self._passed, passed)
        return urgent

    def observations(self) -> list[dict[str, Any]]:
        """Return at most `limit` observations, ascending by step, as ``status`` has them."""
        return [rendered(point) for point in self._thinned()[0]]

    def most_telling(self) -> Iterator[Point]:
        """Yield the points, the most important first: last, best, rungs downwards, then newest."""
        points = sorted(self._points.values(), key=lambda point: point.step)
        told: set[int] = set()
        for point in [*self._landmarks(points), *reversed(points)]:
            if point.step not in told:
                told.add(point.step)
                yield point

    def _thinned(self) -> tuple[list[Point], int]:
        """Return the points to keep, ascending by step, and the stride that achieves the limit."""
        points = sorted(self._points.values(), key=lambda point: point.step)
        if len(points) <= self._limit:
            return points, self._stride
        landmarks: set[int] = set()
        for point in self._landmarks(points):
            if len(landmarks) == self._limit:
                break
            landmarks.add(point.step)
        stride = self._stride
        while len(points) > self._limit:
            points = [p for p in points if p.step in landmarks or p.number % stride == 0]
            if len(points) > self._limit and stride > self._arrived:
                points = [p for p in points if p.step in landmarks]
            elif len(points) > self._limit:
                stride *= 2
        return points, stride

    def _landmarks(self, points: Sequence[Point]) -> Iterator[Point]:
        """Yield the points that are always kept, the most important first; may repeat itself."""
        if not points:
            return
        yield points[-1]
        judged = [point for point in points if self._objective in point.values]
        if judged:
            yield judged[-1]
        finite = [point for point in judged if math.isfinite(point.values[self._objective])]
        if finite:
            sign = -1 if self._maximize else 1
            yield min(finite, key=lambda point: (sign * point.values[self._objective], point.step))
        yield points[0]
        names = dict.fromkeys(name for point in points for name in point.values)
        for name in names:
            yield from _latest_non_finite(points, name)
        steps = [point.step for point in judged]
        for rung in reversed(self._rungs):
            at = bisect_left(steps, rung)
            if at < len(steps):
                yield judged[at]


def _latest_non_finite(points: Sequence[Point], name: str) -> Iterator[Point]:
    for point in reversed(points):
        if not math.isfinite(point.values.get(name, 0.0)):
            yield point
            return


def rendered(point: Point) -> dict[str, Any]:
    """Return a point as ``status.observations`` has it; JSON has no NaN, so it goes by name."""
    finite = {name: value for name, value in point.values.items() if math.isfinite(value)}
    other = {
        name: "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        for name, value in point.values.items()
        if not math.isfinite(value)
    }
    observation: dict[str, Any] = {"step": point.step, "time": point.time}
    if finite:
        observation["metrics"] = finite
    if other:
        observation["nonFinite"] = other
    return observation
