"""Small simulated jobs."""

from collections import Counter
from typing import Any

from kubetune.api.trial import TrialState
from kubetune.simulator.simulation import Simulation
from kubetune.simulator.training import Training, train_along
from kubetune.simulator.weather import Weather
from tests.core.builders import make_spec
from tests.simulation.curves import PARAMETERS

SUCCEEDED, FAILED = TrialState.SUCCEEDED, TrialState.FAILED


def by_index(index: int, *_: object) -> float:
    return float(index)


def simulate(
    training: Training | None = None,
    *,
    strategy: str = "Random",
    trials: int = 20,
    workers: int = 4,
    weather: Weather | None = None,
    seed: int = 1,
    **fields: Any,
) -> Simulation:
    """Return a job of trials with three steps of one second each, ready to run."""
    most = {"maxTrials": trials, "maxParallelTrials": workers, "maxInitialFailures": 0}
    limits = {**most, **fields.pop("limits", {})}
    return Simulation(
        make_spec(strategy, parameters=PARAMETERS, limits=limits, **fields),
        training or train_along(by_index, steps=3),
        seed=seed,
        weather=weather or Weather(),
    )


def states(job: Simulation) -> Counter[TrialState]:
    return Counter(trial.state for trial in job.trials.values())
