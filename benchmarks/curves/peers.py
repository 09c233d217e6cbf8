"""The peers: random search, Optuna's TPE with its Hyperband pruner, and Hyperband from scratch."""

from collections.abc import Iterator
from itertools import count
from typing import Any

from benchmarks.curves.loop import Peer, Start
from benchmarks.curves.models import EPOCHS
from benchmarks.curves.table import CurveTable
from kubetune.core.rungs import bracket_sizes, rung_levels
from kubetune.core.seeding import uniforms

_FACTOR = 3


class RandomSearch:
    """Random points, each with a full training."""

    def __init__(self, table: CurveTable, seed: int) -> None:
        self._points = _random_points(table, seed)

    def start(self) -> Start:
        """Return another point."""
        return Start(parameters=next(self._points), to=EPOCHS, tag=None)

    def report(self, start: Start, step: int, value: float) -> bool:
        """Go on."""
        return True


class HyperbandFromScratch:
    """Hyperband as Katib runs it: each rung trains its points from the beginning.

    A rung starts when the one before has ended, and a bracket when the one before has; a worker
    that finds nothing to start waits. From the most aggressive bracket to plain random search, and
    again. Source: Li et al. 2018, "Hyperband", Algorithm 1.
    """

    def __init__(self, table: CurveTable, seed: int) -> None:
        self._points = _random_points(table, seed)
        self._levels = rung_levels(1, EPOCHS, _FACTOR)
        self._sizes = bracket_sizes(len(self._levels), len(self._levels), _FACTOR)
        self._brackets = (b for _ in count() for b in range(len(self._levels)))
        self._waiting: list[Start] = []
        self._running = 0
        self._rung = len(self._levels)
        self._ended: list[tuple[float, int, Start]] = []

    def start(self) -> Start | None:
        """Return the next point of the rung; None while the others are still training."""
        if not self._waiting:
            if self._running:
                return None
            self._next_rung()
        self._running += 1
        return self._waiting.pop()

    def report(self, start: Start, step: int, value: float) -> bool:
        """Go on to the rung."""
        if step == start.to:
            self._running -= 1
            self._ended.append((value, len(self._ended), start))
        return True

    def _next_rung(self) -> None:
        best = sorted(self._ended)[: len(self._ended) // _FACTOR]
        self._ended = []
        self._rung += 1
        if self._rung < len(self._levels) and best:
            points = [start.parameters for _, _, start in best]
        else:
            self._rung = next(self._brackets)
            points = [next(self._points) for _ in range(self._sizes[self._rung])]
        to = self._levels[self._rung]
        self._waiting = [Start(parameters=point, to=to, tag=None) for point in reversed(points)]


def _random_points(table: CurveTable, seed: int) -> Iterator[Any]:
    width = len(table.parameters)
    for index in count():
        yield table.space.decode(uniforms(seed, index, "benchmark/random", width))


def optuna_hyperband(table: CurveTable, seed: int) -> Peer:
    """Return Optuna's TPE with its Hyperband pruner."""
    from benchmarks.curves.peers_optuna import OptunaHyperband  # noqa: PLC0415 - an extra

    return OptunaHyperband(table, seed)
