"""Which stopping rule applies to a job: one line per strategy, mode and kind of early stopping."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kubetune.api.strategy import EarlyStoppingType, HyperbandMode, StrategyType
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Promotion, StopTrial
from kubetune.core.trial import Trial
from kubetune.stopping import asha, median, promotion, synchronous
from kubetune.stopping.protocol import PromoteFn, RetireFn, StopFn


@dataclass(frozen=True, slots=True, kw_only=True)
class Halving:
    """What a mode of Hyperband does with trials at rungs.

    Attributes:
        stop: Finds trials to stop; None if a trial is stopped at the end of the job only.
        promote: Finds Paused trials that go on; None where none is ever Paused.
        retire: Stops the Paused trials at the end of the job; None where none is ever Paused.
    """

    stop: StopFn | None = None
    promote: PromoteFn | None = None
    retire: RetireFn | None = None


OF_MODE: Mapping[HyperbandMode, Halving] = {
    HyperbandMode.STOPPING: Halving(stop=asha.stop_behind),
    HyperbandMode.PROMOTION: Halving(
        promote=promotion.find_promotions, retire=promotion.stop_paused
    ),
    HyperbandMode.SYNCHRONOUS: Halving(
        stop=synchronous.stop_dropped,
        promote=synchronous.find_promotions,
        retire=synchronous.stop_paused,
    ),
}
OF_EARLY_STOPPING: Mapping[EarlyStoppingType, StopFn | None] = {
    EarlyStoppingType.OFF: None,
    EarlyStoppingType.AUTO: median.stop_below_median,
}


def halving_of(spec: TuningJobSpec) -> Halving:
    """Return what the job does with trials at rungs; nothing unless its strategy is Hyperband."""
    settings = spec.strategy.hyperband
    if spec.strategy.type is not StrategyType.HYPERBAND or settings is None:
        return Halving()
    return OF_MODE[settings.mode]


def rule_for(spec: TuningJobSpec) -> StopFn | None:
    """Return the rule that stops trials of the job; None if every trial runs to its end.

    Hyperband, which stops trials itself, is the only one to do so.
    """
    if spec.strategy.type is StrategyType.HYPERBAND:
        return halving_of(spec).stop
    if spec.early_stopping is None:
        return None
    return OF_EARLY_STOPPING[spec.early_stopping.type]


def find_stops(spec: TuningJobSpec, trials: Sequence[Trial]) -> Sequence[StopTrial]:
    """Return the trials to stop, by index ascending."""
    rule = rule_for(spec)
    return () if rule is None else rule(spec, trials)


def find_promotions(spec: TuningJobSpec, trials: Sequence[Trial]) -> Sequence[Promotion]:
    """Return the Paused trials that may go on, the most urgent first."""
    rule = halving_of(spec).promote
    return () if rule is None else rule(spec, trials)


def find_left_behind(
    spec: TuningJobSpec, trials: Sequence[Trial], promotable: Sequence[Promotion]
) -> frozenset[int]:
    """Return the indices of Paused trials that their rung has left behind for now.

    With mode Promotion one waits until the end of the job, for it may go on when others turn out
    worse; as long as it is not among the best of at least η there, it is not one that improves.
    With mode Synchronous nobody is Paused whose rung is decided.
    """
    settings = spec.strategy.hyperband
    if settings is None or settings.mode is not HyperbandMode.PROMOTION:
        return frozenset()
    going = {promotion.index for promotion in promotable}
    return frozenset(
        stop.index
        for stop in retire_paused(spec, trials)
        if stop.index not in going and stop.evidence.population >= settings.reduction_factor
    )


def retire_paused(spec: TuningJobSpec, trials: Sequence[Trial]) -> Sequence[StopTrial]:
    """Return a stop for every Paused trial of a job that has ended, by index ascending."""
    rule = halving_of(spec).retire
    return () if rule is None else rule(spec, trials)
