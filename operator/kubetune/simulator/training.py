"""What the simulator knows of a training: a sequence of reports, each after some time.

A `Training` is asked lazily. What a stopped trial would have reported later is never computed, and
a generator that is held open is how a trial pauses and goes on.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from kubetune.api.parameters import ParameterValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One start of the training code for a trial.

    Attributes:
        index: Index of the trial.
        parameters: Its point.
        resource: Steps that it may use at most; None without Hyperband.
        number: How many attempts of the trial were disrupted before this one.
        seed: Seed of the simulated job.
        trained: Steps that an earlier attempt has left in a checkpoint. A training may go on from
            there; what it reports up to there is passed over and takes no time.
    """

    index: int
    parameters: Mapping[str, ParameterValue]
    resource: int | None
    number: int
    seed: int
    trained: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The objective at one step.

    Attributes:
        step: The step, >= 0 and greater than that of the report before.
        value: The objective. Not finite: the training reports NaN or infinity. None: it fails here
            instead of reporting.
        seconds: Time since the report before, or since the start of the training; >= 0.
    """

    step: int
    value: float | None
    seconds: float = 1.0

    @property
    def is_finite(self) -> bool:
        """True if the value counts as an observation."""
        return self.value is not None and math.isfinite(self.value)


Training = Callable[[Attempt], Iterable[Report]]
"""Starts the training of a trial. It has succeeded when the reports end.

Must be a function of the attempt, or the simulation is not the same every time.
"""

Curve = Callable[[int, Mapping[str, ParameterValue], int], float]
"""(index of the trial, its parameters, step) -> the objective at that step."""


def train_along(curve: Curve, *, steps: int, seconds: float = 1.0) -> Training:
    """Return the training that reports a curve at the steps 1, 2, …, `steps`.

    Args:
        curve: What trials report.
        steps: Steps of a trial that is never stopped; a trial with a smaller resource ends there.
        seconds: Time of one step.
    """

    def train(attempt: Attempt) -> Iterator[Report]:
        most = steps if attempt.resource is None else min(steps, attempt.resource)
        for step in range(attempt.trained + 1, most + 1):
            value = curve(attempt.index, attempt.parameters, step)
            yield Report(step=step, value=value, seconds=seconds)

    return train


def at_pace(training: Training, slowness: Callable[[int], float]) -> Training:
    """Return the same training with the time of every report times slowness(index of the trial)."""

    def train(attempt: Attempt) -> Iterator[Report]:
        factor = slowness(attempt.index)
        for report in training(attempt):
            yield replace(report, seconds=report.seconds * factor)

    return train
