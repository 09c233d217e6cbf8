"""W workers in virtual time, for peers: what the simulator is for our own strategies."""

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from benchmarks.curves.models import EPOCHS
from benchmarks.curves.table import CurveTable
from benchmarks.search.protocol import Step
from kubetune.api.parameters import ParameterValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A training to start from its beginning.

    Attributes:
        parameters: The point.
        to: Its last epoch.
        tag: The peer's own mark.
    """

    parameters: Mapping[str, ParameterValue]
    to: int
    tag: Any


class Peer(Protocol):
    """Something that starts trainings and may stop them."""

    def start(self) -> Start | None:
        """Return what a free worker does; None: it waits for another one to end."""

    def report(self, start: Start, step: int, value: float) -> bool:
        """Take a value; return whether the training goes on. At its last epoch it ends anyway."""


PeerFactory = Callable[[CurveTable, int], Peer]
"""(table, seed) -> peer."""


@dataclass(slots=True)
class Marks:
    """The best value of a full training so far, whenever it becomes better."""

    steps: list[Step] = field(default_factory=list)

    def take(self, clock: float, value: float) -> None:
        """Take the value of a full training that ended at that time."""
        if not self.steps or value < self.steps[-1][1]:
            self.steps.append((clock, value))


def run(table: CurveTable, peer: Peer, *, workers: int, horizon: float) -> tuple[Step, ...]:
    """Let the peer work until the horizon, in mean full trainings; return its marks."""
    queue: list[tuple[float, int, Start, int, Iterator[tuple[int, float]], int, float]] = []
    marks, count, clock = Marks(), 0, 0.0

    def push(start: Start, row: int, reports: Iterator[tuple[int, float]], since: int) -> None:
        nonlocal count
        count += 1
        step, value = next(reports)
        at = clock + (step - since) * float(table.pace[row])
        heapq.heappush(queue, (at, count, start, row, reports, step, value))

    while True:
        while len(queue) < workers and (start := peer.start()) is not None:
            row = table.row(start.parameters)
            push(start, row, table.reports(row, to=start.to), 0)
        clock, _, start, row, reports, step, value = heapq.heappop(queue)
        if clock > horizon:
            return tuple(marks.steps)
        if step == EPOCHS:
            marks.take(clock, value)
        if peer.report(start, step, value) and step < start.to:
            push(start, row, reports, step)
