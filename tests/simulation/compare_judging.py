"""Measures what it changes to judge a trial for as long as it stands at a rung, and not only once.

    PYTHONPATH=operator:. python tests/simulation/compare_judging.py [SEEDS]

For each family of curves and each way of judging: the mean regret (1 - quality of the incumbent) and
its standard error over the seeds, for an equal total of steps (BUDGET full trials, as many trials
as it takes), and what a job of 60 trials costs in steps, in time, and in regret.
"""

import sys
from collections.abc import Iterator
from statistics import fmean, stdev

from kubetune.core.decision import StopTrial
from kubetune.core.objective import incumbent
from tests.core.builders import make_spec
from tests.simulation.curves import FAMILIES, PARAMETERS, quality
from tests.simulation.simulator import Simulation

FULL = 27
BUDGET = 12 * FULL
WORKERS = 8
LEVELS = (1, 3, 9)


def simulate(family: str, way: str, seed: int, *, trials: int = 10_000) -> Simulation:
    """Return a job that is ready to run; way is Random, "once" or "standing"."""
    simulation: Simulation

    def at_arrival(stop: StopTrial, reporter: int) -> bool:
        arrived = len(simulation.trials[reporter].observations) in LEVELS
        return stop.index == reporter and arrived

    spec = make_spec(
        "Random" if way == "Random" else "Hyperband",
        parameters=PARAMETERS,
        limits={"maxTrials": trials, "maxParallelTrials": WORKERS},
    )
    simulation = Simulation(
        spec=spec,
        curve=FAMILIES[family](seed),
        full=FULL,
        seed=seed,
        # Trials differ in speed by up to a third, so that they do not move in step.
        duration=lambda index: 1 + (index * 7919 % 97) / 290,
    )
    if way == "once":
        simulation.obey = at_arrival
    return simulation


def regret(simulation: Simulation) -> float:
    """Return how much better the best point is than the incumbent's; 1 without an incumbent."""
    best = incumbent(simulation.trials.values(), simulation.spec.objective)
    return 1.0 if best is None else 1 - quality(best.parameters)


def _rows(seeds: range) -> Iterator[str]:
    yield f"{'curves':14}{'judged':10}{'regret, equal steps':>24}{'60 trials: steps':>18}{'time':>8}"
    yield f"{'regret':>82}{'at R':>8}"
    for family in FAMILIES:
        for way in ("Random", "once", "standing"):
            equal, fixed, steps, time, ends = [], [], [], [], []
            for seed in seeds:
                job = simulate(family, way, seed)
                job.run(BUDGET)
                equal.append(regret(job))
                job = simulate(family, way, seed, trials=60)
                job.run()
                fixed.append(regret(job))
                steps.append(job.steps)
                time.append(job.clock)
                ends.append(sum(len(t.observations) == FULL for t in job.trials.values()))
            error = stdev(equal) / len(equal) ** 0.5
            yield (
                f"{family:14}{way:10}{fmean(equal):14.4f} ± {error:.4f}{fmean(steps):18.0f}"
                f"{fmean(time):10.1f}{fmean(fixed):12.4f}{fmean(ends):8.1f}"
            )


if __name__ == "__main__":
    for row in _rows(range(int(sys.argv[1]) if len(sys.argv) > 1 else 100)):
        print(row, flush=True)
