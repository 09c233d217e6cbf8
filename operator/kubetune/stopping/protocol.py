"""What a stopping rule is to the planner."""

from collections.abc import Sequence
from typing import Protocol

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import StopTrial
from kubetune.core.trial import Trial


class StopFn(Protocol):
    """Finds trials that will not win. Pure, and independent of the order of the trials."""

    def __call__(self, spec: TuningJobSpec, trials: Sequence[Trial]) -> Sequence[StopTrial]:
        """Return the Running trials to stop, by index ascending, each once with its evidence."""
