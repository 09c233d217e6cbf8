"""Asynchronous successive halving that promotes: a trial waits at its rung until it may go on.

A trial trains to the first rung of its bracket, ends there and is Paused. Whenever a slot is free,
the best of those that may go on does: one that is among the best ⌊n / η⌋ of the n trials of its
bracket that have a value at the rung, and that has not gone on yet. The highest rung comes first.

Source: Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", Algorithm 2
(get_job). A deviation: among those that may go on at one rung the best comes first, where the paper
takes any.

Symbols: n the population of a rung; η the reduction factor.
"""

from collections.abc import Iterator, Sequence

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Promotion, StopTrial
from kubetune.core.rungs import levels_of
from kubetune.core.trial import Trial
from kubetune.stopping.standings import Standings, promotion, standings, stop

RULE = "asha-promotion/v1"


def find_promotions(spec: TuningJobSpec, trials: Sequence[Trial]) -> Sequence[Promotion]:
    """Return the Paused trials that may go on. See `PromoteFn`."""
    settings = spec.strategy.hyperband
    if settings is None:
        return ()
    levels = levels_of(settings)
    found: list[tuple[int, float, int, Promotion]] = []
    for table in _tables(spec, trials, levels[:-1]):
        keep = len(table.entries) // settings.reduction_factor
        above = levels[levels.index(table.level) + 1]
        found.extend(
            (
                -table.level,
                -entry.score,
                entry.trial.index,
                promotion(
                    table,
                    entry,
                    rule=RULE,
                    keep=keep,
                    resource=above,
                    metric=spec.objective.metric,
                ),
            )
            for entry in table.waiting(0, keep)
        )
    return [item for *_, item in sorted(found, key=lambda item: item[:3])]


def stop_paused(spec: TuningJobSpec, trials: Sequence[Trial]) -> Sequence[StopTrial]:
    """Return stops for all Paused trials, as the job has ended. See `RetireFn`."""
    settings = spec.strategy.hyperband
    if settings is None:
        return ()
    stops = [
        stop(
            table,
            entry,
            rule=RULE,
            keep=len(table.entries) // settings.reduction_factor,
            metric=spec.objective.metric,
        )
        for table in _tables(spec, trials, levels_of(settings))
        for entry in table.waiting(0)
    ]
    return sorted(stops, key=lambda stop: stop.index)


def _tables(
    spec: TuningJobSpec, trials: Sequence[Trial], levels: Sequence[int]
) -> Iterator[Standings]:
    """Yield the standings at every rung of every bracket where a trial is Paused."""
    brackets: dict[int, list[Trial]] = {}
    paused: set[tuple[int, int]] = set()
    for trial in trials:
        if trial.rungs:
            bracket = trial.bracket or 0
            brackets.setdefault(bracket, []).append(trial)
            if trial.state is TrialState.PAUSED:
                paused.add((bracket, trial.rungs[-1].step))
    for bracket, level in sorted(paused):
        if level in levels:
            yield standings(brackets[bracket], level, spec.objective)
