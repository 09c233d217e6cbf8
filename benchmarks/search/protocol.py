"""The protocol: how a solver and a problem meet, and what is counted.

A solver is asked for points; up to W of them are in flight, and it is told each observed value when
that evaluation finishes in virtual time. After each finished evaluation the incumbent is the point
with the least *observed* value, and what counts is that point's *true* value.

Normalised regret = (true value of the incumbent - best) / (that of random search, median - best),
clipped to [0, 2]: 0 is perfect, 1 is as good as random search with the same number of evaluations.
"""

import heapq
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Final, Protocol

import numpy as np

from benchmarks.search.problem import Point, Problem
from kubetune.core.seeding import uniforms
from kubetune.core.space import build_space

BUDGET: Final = 50
WORST: Final = 2.0
MODES: Final[Mapping[str, int]] = {"b1": 1, "b8": 8}
"""Name of a mode -> evaluations in flight."""

_REFERENCE_REPEATS: Final = 400
_REFERENCE_SEED: Final = 1_000_000  # far from the seeds of solvers

Step = tuple[float, float]
"""(number of finished evaluations, true value of the incumbent from then on)."""


class Solver(Protocol):
    """Something that suggests points. Values are minimised."""

    def ask(self, index: int) -> Point:
        """Return the point of evaluation `index`; those asked for and not told are in flight."""

    def tell(self, index: int, point: Point, value: float) -> None:
        """Take the observed value of an evaluation."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a solver is made for."""

    problem: Problem
    workers: int
    budget: int
    seed: int


SolverFactory = Callable[[Task], Solver]


@dataclass(frozen=True, slots=True)
class Trace:
    """What one solver did on one problem.

    Attributes:
        steps: Where the incumbent changed, ascending; the first is (1, ...).
        cpu_seconds: CPU time inside the solver, evaluations not counted.
        decisions: Number of decisions that `cpu_seconds` is about, where that was counted.
    """

    steps: tuple[Step, ...]
    cpu_seconds: float
    decisions: int = 0

    def after(self, evaluations: float) -> float:
        """Return the incumbent's true value after that many finished evaluations, >= 1."""
        return next(value for count, value in reversed(self.steps) if count <= evaluations)


def drive(task: Task, factory: SolverFactory) -> Trace:
    """Let the solver spend the budget.

    Determinism: the noise and the duration of evaluation i depend on (seed, i) alone, so all
    solvers meet the same luck; durations are uniform in [0.5, 1.5) virtual seconds.
    """
    spent = -time.process_time()
    solver = factory(task)
    spent += time.process_time()
    running: list[tuple[float, int, Point]] = []
    steps: list[Step] = []
    lowest = float("inf")
    asked, clock = 0, 0.0
    for finished in range(1, task.budget + 1):
        while asked < min(task.budget, finished - 1 + task.workers):
            spent -= time.process_time()
            point = solver.ask(asked)
            spent += time.process_time()
            heapq.heappush(running, (clock + _duration(task.seed, asked), asked, dict(point)))
            asked += 1
        clock, index, point = heapq.heappop(running)
        value = task.problem.evaluate(point, np.random.default_rng([task.seed, index]))
        if value < lowest:
            lowest = value
            steps.append((finished, task.problem.truth(point)))
        spent -= time.process_time()
        solver.tell(index, point, value)
        spent += time.process_time()
    return Trace(steps=tuple(steps), cpu_seconds=spent)


def _duration(seed: int, index: int) -> float:
    return 0.5 + uniforms(seed, index, "benchmark/duration", 1)[0]


class UniformSolver:
    """Random search: independent points, uniform in the search space."""

    def __init__(self, task: Task) -> None:
        self._space = build_space(task.problem.parameters)
        self._seed = task.seed

    def ask(self, index: int) -> Point:
        """Return a random point."""
        u = uniforms(self._seed, index, "benchmark/random", len(self._space.axes))
        return self._space.decode(u)

    def tell(self, index: int, point: Point, value: float) -> None:
        """Learn nothing."""


def reference(problem: Problem, budgets: tuple[int, ...]) -> tuple[float, ...]:
    """Return the true value of random search's incumbent at each budget: the median of many."""
    traces = [
        drive(Task(problem, 1, max(budgets), _REFERENCE_SEED + repeat), UniformSolver)
        for repeat in range(_REFERENCE_REPEATS)
    ]
    return tuple(median(trace.after(budget) for trace in traces) for budget in budgets)


def normalised_regret(value: float, *, best: float, random: float) -> float:
    """Return the regret of an incumbent whose true value is `value`, in [0, 2].

    Args:
        value: True value of the incumbent.
        best: The least value of the problem.
        random: True value of random search's median incumbent at the same budget.

    Raises:
        ValueError: random search is as good as the best, so the problem tells nothing.
    """
    if not random > best:
        raise ValueError(f"random search reaches the best value, {best}: the problem is too easy")
    return min(max((value - best) / (random - best), 0.0), WORST)
