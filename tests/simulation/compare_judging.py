"""Measures three ways of judging trials at rungs, and random search beside them.

    PYTHONPATH=operator:. python tests/simulation/compare_judging.py [--seeds 100] [--workers 8]
        [--trials 60] [--spread 1.33]

arrival   once, when the trial arrives at the rung, against all that arrived before (as published)
standing  for as long as the trial stands at the rung, against all that have arrived so far
launch    what `decide()` does: against those that were launched before it

Regret is 1 - the quality of the incumbent, given as mean and standard error over the seeds: once
for an equal total of steps (12 full trials, as many trials as it takes), once for --trials, with
the steps and the virtual time that they took and how many of them were trained to the end.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import fmean, stdev

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Decision, Evidence, StopTrial
from kubetune.core.trial import Trial
from kubetune.planner import decide
from kubetune.simulator.simulation import DecideFn, Simulation
from kubetune.simulator.training import at_pace, train_along
from tests.core.builders import make_spec
from tests.simulation.curves import FAMILIES, PARAMETERS, quality

FULL = 27
ETA = 3
LEVELS = (9, 3, 1)
EQUAL_STEPS = 12 * FULL


Rule = Callable[[Sequence[Trial]], Sequence[int]]
"""The trials by index -> the indices of those to stop."""


def judge_standing(trials: Sequence[Trial]) -> list[int]:
    """Return all Running trials that are not among the best third at their highest rung."""
    stops = []
    for trial in trials:
        done = len(trial.observations)
        level = next((level for level in LEVELS if level <= done), None)
        if trial.state is not TrialState.RUNNING or level is None:
            continue
        values = sorted(
            (t.observations[level - 1].value for t in trials if len(t.observations) >= level),
            reverse=True,
        )
        keep = len(values) // ETA
        if keep and trial.observations[level - 1].value < values[keep - 1]:
            stops.append(trial.index)
    return stops


def make_judge_at_arrival() -> Rule:
    """Return the rule that stops trials which have just come to a rung and are behind there."""
    arrived: set[tuple[int, int]] = set()

    def judge(trials: Sequence[Trial]) -> list[int]:
        at_rungs = {(t.index, n) for t in trials if (n := len(t.observations)) in LEVELS}
        newcomers = {index for index, _ in at_rungs - arrived}
        arrived.update(at_rungs)
        return [index for index in judge_standing(trials) if index in newcomers]

    return judge


def decide_by(rule: Rule) -> DecideFn:
    """Return `decide()` with another stopping rule in the place of its own."""
    nothing = Evidence(rule="other", step=0, value=0.0, threshold=0.0, population=0)

    def decide_so(
        spec: TuningJobSpec,
        trials: Sequence[Trial],
        *,
        seed: int,
        started_at: datetime,
        now: datetime,
    ) -> Decision:
        decision = decide(spec, trials, seed=seed, started_at=started_at, now=now)
        stops = rule(trials) if decision.outcome is None else ()
        return replace(
            decision,
            stop=tuple(StopTrial(index=i, reason="behind", evidence=nothing) for i in stops),
        )

    return decide_so


RULES: Mapping[str, Callable[[], DecideFn]] = {
    "random": lambda: decide,
    "arrival": lambda: decide_by(make_judge_at_arrival()),
    "standing": lambda: decide_by(judge_standing),
    "launch": lambda: decide,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the jobs of a comparison have in common.

    Attributes:
        workers: Number of trials in parallel.
        trials: Number of trials of a job.
        spread: How many times slower the slowest trial is than the fastest.
    """

    workers: int = 8
    trials: int = 60
    spread: float = 4 / 3


DEFAULT = Setting()


def make_job(
    family: str, way: str, seed: int, *, endless: bool = False, setting: Setting = DEFAULT
) -> Simulation:
    """Return a job that is ready to run; an endless one is to be run for a number of steps."""
    trials = 10_000 if endless else setting.trials
    return Simulation(
        spec=make_spec(
            "Random" if way == "random" else "Hyperband",
            parameters=PARAMETERS,
            hyperband=None if way == "random" else {"maxResource": FULL, "brackets": 1},
            limits={"maxTrials": trials, "maxParallelTrials": setting.workers},
        ),
        training=at_pace(
            train_along(FAMILIES[family](seed), steps=FULL),
            lambda index: setting.spread ** (index * 7919 % 97 / 96),
        ),
        seed=seed,
        decide=RULES[way](),
    )


def regret(job: Simulation) -> float:
    """Return how much better the best point is than the incumbent's; 1 without an incumbent."""
    return 1.0 if job.incumbent is None else 1 - quality(job.incumbent.parameters)


def trained_fully(job: Simulation) -> int:
    """Return the number of trials that reached the last step."""
    return sum(len(trial.observations) == FULL for trial in job.trials.values())


def _mean_and_error(numbers: Sequence[float]) -> str:
    return f"{fmean(numbers):.4f} ± {stdev(numbers) / len(numbers) ** 0.5:.4f}"


def _rows(seeds: range, setting: Setting) -> Iterator[str]:
    yield (
        f"{'curves':13}{'judged':10}{'regret, equal steps':21}{f'{setting.trials} trials':21}"
        f"{'steps':>6}{'time':>7}{'full':>6}"
    )
    for family in FAMILIES:
        for way in RULES:
            equal, fixed = [], []
            for seed in seeds:
                equal.append(make_job(family, way, seed, endless=True, setting=setting))
                equal[-1].run(max_steps=EQUAL_STEPS)
                fixed.append(make_job(family, way, seed, setting=setting))
                fixed[-1].run()
            yield (
                f"{family:13}{way:10}{_mean_and_error([regret(job) for job in equal]):21}"
                f"{_mean_and_error([regret(job) for job in fixed]):21}"
                f"{fmean(job.steps for job in fixed):6.0f}{fmean(job.clock for job in fixed):7.1f}"
                f"{fmean(trained_fully(job) for job in fixed):6.1f}"
            )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--workers", type=int, default=DEFAULT.workers)
    parser.add_argument("--trials", type=int, default=DEFAULT.trials)
    parser.add_argument("--spread", type=float, default=DEFAULT.spread)
    given = parser.parse_args()
    setting = Setting(workers=given.workers, trials=given.trials, spread=given.spread)
    for row in _rows(range(given.seeds), setting):
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
