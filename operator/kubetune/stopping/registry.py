"""Which stopping rule applies to a job: one line per strategy and per kind of early stopping."""

from collections.abc import Mapping, Sequence

from kubetune.api.strategy import EarlyStoppingType, StrategyType
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import StopTrial
from kubetune.core.trial import Trial
from kubetune.stopping import asha, median
from kubetune.stopping.protocol import StopFn

OF_STRATEGY: Mapping[StrategyType, StopFn | None] = {
    StrategyType.GRID: None,
    StrategyType.RANDOM: None,
    StrategyType.BAYESIAN: None,
    StrategyType.HYPERBAND: asha.stop_behind,
}
OF_EARLY_STOPPING: Mapping[EarlyStoppingType, StopFn | None] = {
    EarlyStoppingType.OFF: None,
    EarlyStoppingType.AUTO: median.stop_below_median,
}


def rule_for(spec: TuningJobSpec) -> StopFn | None:
    """Return the rule that stops trials of the job; None if every trial runs to its end.

    A strategy that stops trials itself is the only one to do so.
    """
    own = OF_STRATEGY[spec.strategy.type]
    if own is not None or spec.early_stopping is None:
        return own
    return OF_EARLY_STOPPING[spec.early_stopping.type]


def find_stops(spec: TuningJobSpec, trials: Sequence[Trial]) -> Sequence[StopTrial]:
    """Return the Running trials to stop, by index ascending."""
    rule = rule_for(spec)
    return () if rule is None else rule(spec, trials)
