"""One job under several seeds, and random search beside it at the same cost.

What came of a simulation is kept as an `Account`: a few numbers and the course of the incumbent,
not the trials.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from kubetune.api.parameters import ParameterValue
from kubetune.api.strategy import StrategyType
from kubetune.api.tuningjob import LimitsSpec, TuningJobSpec
from kubetune.core.decision import Outcome
from kubetune.core.objective import to_score
from kubetune.simulator.mark import Mark
from kubetune.simulator.simulation import Simulation
from kubetune.simulator.training import Training
from kubetune.simulator.weather import Weather


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The incumbent at the end."""

    index: int
    value: float
    parameters: Mapping[str, ParameterValue]
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What came of one simulated job.

    Attributes:
        seed: Its seed.
        outcome: How it ended; None if it was cut off at a cost.
        states: Number of trials per state.
        steps: Steps that its trials used.
        seconds: Virtual seconds from its start to its end.
        cost: Seconds that all pods together used.
        best: The incumbent; None if no trial has a value.
        target: When the target was reached; None if it was not, or there is none.
        marks: How the incumbent came about.
        peaks: How the best value that any trial ever reported came about.
        complaint: Why random search answered for the strategy; None if it never did.
    """

    seed: int
    outcome: Outcome | None
    states: Mapping[str, int]
    steps: int
    seconds: float
    cost: float
    best: Best | None
    target: Mark | None
    marks: Sequence[Mark]
    peaks: Sequence[Mark]
    complaint: str | None

    def value_at(self, cost: float) -> float | None:
        """Return the best value reported when so much had been used; None if there was none."""
        passed = bisect_right(self.peaks, cost, key=lambda mark: mark.cost)
        return self.peaks[passed - 1].value if passed else None


def simulate_job(
    spec: TuningJobSpec,
    training: Training,
    *,
    seed: int,
    weather: Weather,
    max_cost: float | None = None,
    on_look: Callable[[Simulation], None] = lambda _: None,
) -> Account:
    """Run a job to its end, or until it has used max_cost."""
    job = Simulation(spec, training, seed=seed, weather=weather, on_look=on_look)
    outcome = job.run(max_cost=max_cost)
    best = job.incumbent
    return Account(
        seed=seed,
        outcome=outcome,
        states=dict(sorted(Counter(str(t.state) for t in job.trials.values()).items())),
        steps=job.steps,
        seconds=job.clock,
        cost=job.cost,
        best=None
        if best is None or best.value is None
        else Best(
            index=best.index,
            value=best.value,
            parameters=best.parameters,
            step=best.trained,
        ),
        target=_target(spec, job.marks),
        marks=tuple(job.marks),
        peaks=tuple(job.peaks),
        complaint=job.complaint,
    )


def as_random(spec: TuningJobSpec) -> TuningJobSpec:
    """Return the job as random search: nothing stops its trials, and only cost ends it."""
    strategy = spec.strategy.model_copy(
        update={
            name: None for name in type(spec.strategy).model_fields if name not in ("type", "seed")
        }
        | {"type": StrategyType.RANDOM}
    )
    return spec.model_copy(
        update={
            "strategy": strategy,
            "early_stopping": None,
            "limits": LimitsSpec(
                max_parallel_trials=spec.limits.max_parallel_trials, max_initial_failures=0
            ),
            "completion": None,
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Mean and standard deviation over seeds; the latter 0 for one seed.

    Attributes:
        count: Number of seeds that have a number here.
    """

    mean: float
    deviation: float
    count: int


def spread(numbers: Sequence[float]) -> Spread | None:
    """Return mean and standard deviation (of a sample); None of nothing."""
    if not numbers:
        return None
    deviation = stdev(numbers) if len(numbers) > 1 else 0.0
    return Spread(mean=fmean(numbers), deviation=deviation, count=len(numbers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The best values of all seeds when each had used so much.

    Attributes:
        cost: What they had used.
        value: Their values; None if none had one.
    """

    cost: float
    value: Spread | None


def course(accounts: Sequence[Account], *, points: int, until: float | None = None) -> list[Level]:
    """Return the best reported values' mean course at evenly spaced costs, the last one `until`.

    Args:
        accounts: One for each seed.
        points: Number of costs, >= 1.
        until: The largest cost; None: that of the account that used most. A job that ended sooner
            keeps its best value.
    """
    most = max(account.cost for account in accounts) if until is None else until
    levels = []
    for point in range(1, points + 1):
        cost = most * point / points
        values = [account.value_at(cost) for account in accounts]
        levels.append(Level(cost=cost, value=spread([v for v in values if v is not None])))
    return levels


def _target(spec: TuningJobSpec, marks: Sequence[Mark]) -> Mark | None:
    wanted = spec.completion.target if spec.completion else None
    if wanted is None:
        return None
    goal = spec.objective.goal
    return next((m for m in marks if to_score(m.value, goal) >= to_score(wanted, goal)), None)
