"""Kubetune's ways to stop and promote trials, through the simulator and the same `decide()`."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from benchmarks.curves.loop import Marks
from benchmarks.curves.models import EPOCHS
from benchmarks.curves.table import CurveTable
from benchmarks.search.ours import TEMPLATE
from benchmarks.search.protocol import Trace
from kubetune import planner
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Decision
from kubetune.core.trial import Trial
from kubetune.simulator.cluster import START
from kubetune.simulator.simulation import Simulation
from kubetune.simulator.training import Attempt, Report, Training

FULL_TRAINING: Final = 3600.0
"""Virtual seconds of the mean full training: so long that deadlines in whole seconds are exact."""

Fields = Mapping[str, Any]

_TIMED_EVERY: Final = 32
"""Reading the CPU clock is slow on a busy machine, so only some decisions are timed."""


def tuning_job(table: CurveTable, fields: Fields, *, workers: int, horizon: float) -> TuningJobSpec:
    """Return the spec of a job that minimises the last value until the horizon.

    Args:
        table: The problem.
        fields: `strategy` and what else the job has, as in a manifest.
        workers: Trials that run at the same time.
        horizon: Mean full trainings after which the job ends.
    """
    parameters = [
        parameter.model_dump(by_alias=True, exclude_none=True, mode="json")
        for parameter in table.parameters
    ]
    return TuningJobSpec.model_validate(
        {
            "objective": {"metric": "loss", "goal": "Minimize"},
            "parameters": parameters,
            "limits": {
                "maxTrials": 100_000,
                "maxParallelTrials": workers,
                "maxRuntime": f"{round(horizon * FULL_TRAINING)}s",
            },
            "trial": {"template": TEMPLATE},
            **fields,
        }
    )


def training(table: CurveTable) -> Training:
    """Return the training of a table."""

    def train(attempt: Attempt) -> Iterator[Report]:
        row = table.row(attempt.parameters)
        pace = float(table.pace[row]) * FULL_TRAINING
        since = 0
        for step, value in table.reports(row, to=attempt.resource or EPOCHS):
            yield Report(step=step, value=value, seconds=(step - since) * pace)
            since = step

    return train


def simulate(
    table: CurveTable, fields: Fields, *, workers: int, horizon: float, seed: int
) -> Trace:
    """Run a job in virtual time; the trace's times are mean full trainings."""
    spent, looks, timed = 0.0, 0, 0

    def decide(
        spec: TuningJobSpec,
        trials: Sequence[Trial],
        *,
        seed: int,
        started_at: datetime,
        now: datetime,
    ) -> Decision:
        nonlocal spent, looks, timed
        looks += 1
        if looks % _TIMED_EVERY:
            return planner.decide(spec, trials, seed=seed, started_at=started_at, now=now)
        began = time.process_time()
        decision = planner.decide(spec, trials, seed=seed, started_at=started_at, now=now)
        spent += time.process_time() - began
        timed += 1
        return decision

    spec = tuning_job(table, fields, workers=workers, horizon=horizon)
    simulation = Simulation(spec, training(table), seed=seed, decide=decide)
    simulation.run()
    if simulation.complaint is not None:
        raise RuntimeError(simulation.complaint)
    return Trace(steps=_marks(simulation.trials.values()), cpu_seconds=spent, decisions=timed)


def _marks(trials: Iterable[Trial]) -> tuple[tuple[float, float], ...]:
    """Return how the best value of a full training came about."""
    full = [
        (trial.finished_at, trial.observations[-1].value)
        for trial in trials
        if trial.state is TrialState.SUCCEEDED
        and trial.finished_at is not None
        and trial.observations
        and trial.observations[-1].step == EPOCHS
    ]
    marks = Marks()
    for finished_at, value in sorted(full):
        marks.take((finished_at - START).total_seconds() / FULL_TRAINING, value)
    return tuple(marks.steps)
