"""The protocol: W workers, a deadline, and what random search has by then.

Random search is what everything is measured against, and costs next to nothing: it has MORE times
the seeds, so that its median is not what the others differ by.

T is the deadline in mean full trainings: 30, 10 and 5 for W = 1, 8 and 32. What counts is the best
value of a *full* training so far: a trial that was stopped or paused is no result.

Speed-up = T / (median time to reach what random search's median has at T). Regret at T =
(value - best) / (random's median at T - best), clipped to [0, 2].
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from statistics import median
from typing import Final

from benchmarks.curves.methods import METHODS
from benchmarks.curves.table import table
from benchmarks.search.protocol import WORST, Trace, normalised_regret
from benchmarks.search.store import Cell, Result

DEADLINES: Final[Mapping[str, float]] = {"w1": 30.0, "w8": 10.0, "w32": 5.0}
WORKERS: Final[Mapping[str, int]] = {"w1": 1, "w8": 8, "w32": 32}
MORE: Final = 10
_RANDOM: Final = "random"
BEYOND: Final = 1.25
"""Methods go on until BEYOND * T, so that being slower than random search can be measured."""


def cells(
    methods: Sequence[str], problems: Sequence[str], modes: Sequence[str], seeds: range
) -> Iterator[Cell]:
    """Yield what to run, seed by seed; random search first."""
    if _RANDOM in methods:
        for seed, mode, name in product(range(MORE * seeds.stop), modes, problems):
            version = METHODS[_RANDOM].version
            yield Cell(solver=_RANDOM, version=version, problem=name, mode=mode, seed=seed)
    others = [method for method in methods if method != _RANDOM]
    for seed, method, mode, name in product(seeds, others, modes, problems):
        version = METHODS[method].version
        yield Cell(solver=method, version=version, problem=name, mode=mode, seed=seed)


def run_cell(cell: Cell) -> Result:
    """Run one cell."""
    trace = METHODS[cell.solver].run(
        table(cell.problem),
        workers=WORKERS[cell.mode],
        horizon=BEYOND * DEADLINES[cell.mode],
        seed=cell.seed,
    )
    return Result(cell=cell, trace=trace)


def value_at(trace: Trace, time: float) -> float:
    """Return the best value by then; infinity if no full training has ended."""
    return trace.after(time) if trace.steps and trace.steps[0][0] <= time else math.inf


def time_to(trace: Trace, value: float) -> float:
    """Return when that value was reached; infinity if it was not."""
    return next((at for at, reached in trace.steps if reached <= value), math.inf)


def speed_up(traces: Sequence[Trace], target: float, deadline: float) -> float:
    """Return T / median time to reach the target; 0 if the median run never reached it."""
    return deadline / median(time_to(trace, target) for trace in traces)


def regret(trace: Trace, *, best: float, random: float, deadline: float) -> float:
    """Return the regret at the deadline; the worst, 2, if no full training has ended."""
    value = value_at(trace, deadline)
    if math.isinf(value):
        return WORST
    return normalised_regret(value, best=best, random=random)
