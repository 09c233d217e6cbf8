"""What a stopping rule is to the planner."""

from collections.abc import Sequence
from typing import Protocol

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Promotion, StopTrial
from kubetune.core.trial import Trial


class StopFn(Protocol):
    """Finds trials that will not win. Pure, and independent of the order of the trials."""

    def __call__(self, spec: TuningJobSpec, trials: Sequence[Trial]) -> Sequence[StopTrial]:
        """Return the trials to stop, by index ascending, each once with its evidence.

        They are Running, or Paused at a rung that has left them behind.
        """


class PromoteFn(Protocol):
    """Finds Paused trials that go on. Pure, and independent of the order of the trials."""

    def __call__(self, spec: TuningJobSpec, trials: Sequence[Trial]) -> Sequence[Promotion]:
        """Return all that may go on now, the most urgent first, however few slots are free."""


class RetireFn(Protocol):
    """Gives the reasons why Paused trials go on no more. Pure, and independent of their order."""

    def __call__(self, spec: TuningJobSpec, trials: Sequence[Trial]) -> Sequence[StopTrial]:
        """Return a stop for every Paused trial of a job that has ended, by index ascending."""
