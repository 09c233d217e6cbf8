"""What a simulated trial goes through in one attempt, and which of its reports count."""

from collections.abc import Iterator
from dataclasses import dataclass

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.rungs import levels_of
from kubetune.simulator.training import Attempt, Report
from kubetune.simulator.weather import Fate
from kubetune.stopping.registry import halving_of, rule_for


@dataclass(slots=True, kw_only=True)
class Life:
    """An attempt of a trial.

    Attributes:
        began: When the trial's pods began to cost, in virtual seconds.
        attempt: What was started.
        fate: What will happen to it.
        reports: What it will still report.
        count: Number of reports that came from it.
        step: The last step that it reported; 0 before the first.
        is_finite: False if the last report was no number.
        is_over: True when it has ended; what is still queued for it does not happen.
    """

    began: float
    attempt: Attempt
    fate: Fate
    reports: Iterator[Report]
    count: int = 0
    step: int = 0
    is_finite: bool = True
    is_over: bool = False


def decisive_levels(spec: TuningJobSpec) -> tuple[int, ...] | None:
    """Return the steps at which a report alone may change a decision; None for all of them.

    Nothing is decided between two rungs, and trials that pause there are events themselves.
    """
    if rule_for(spec) is None or halving_of(spec).promote is not None:
        return ()
    settings = spec.strategy.hyperband
    return None if settings is None else levels_of(settings)
