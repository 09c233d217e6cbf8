"""Asynchronous successive halving that promotes: a trial waits at its rung until it may go on.

A trial trains to the first rung of its bracket, ends there and is Paused. Whenever a slot is free,
the best of those that may go on does: one that is among the best ⌊n / η⌋ of the n trials of its
bracket that have a value at the rung, and that has not gone on yet. The highest rung comes first.
From a rung that `foresight` has found to foretell nothing all go on, in the order of their index.

Source: Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", Algorithm 2
(get_job). A deviation: among those that may go on at one rung the best comes first, where the paper
takes any.

Symbols: n the population of a rung; η the reduction factor.
"""

from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Promotion, StopTrial
from kubetune.core.foresight import distrusted_levels
from kubetune.core.objective import to_score
from kubetune.core.rungs import levels_of
from kubetune.core.trial import Trial
from kubetune.stopping.standings import Standings, promotion, standings, stop

RULE = "asha-promotion/v2"


def find_promotions(spec: TuningJobSpec, trials: Sequence[Trial]) -> Sequence[Promotion]:
    """Return the Paused trials that may go on. See `PromoteFn`."""
    settings = spec.strategy.hyperband
    if settings is None:
        return ()
    levels = levels_of(settings)
    distrusted = distrusted_levels(spec, trials)
    found: list[tuple[int, float, int, Promotion]] = []
    for table in _tables(spec, trials, levels[:-1], always=distrusted):
        is_open = table.level in distrusted
        keep = len(table.rows) if is_open else len(table.rows) // settings.reduction_factor
        above = levels[levels.index(table.level) + 1]
        for entry in table.waiting(0, keep):
            goes_on = promotion(
                table, entry, rule=RULE, keep=keep, resource=above, metric=spec.objective.metric
            )
            if is_open:
                told = f"values at step {table.level} foretell too little of those at the end"
                goes_on = replace(goes_on, reason=f"{told}: it goes on to step {above}")
            urgency = 0.0 if is_open else -entry.score
            found.append((-table.level, urgency, entry.trial.index, goes_on))
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
            keep=len(table.rows) // settings.reduction_factor,
            metric=spec.objective.metric,
        )
        for table in _tables(spec, trials, levels_of(settings), always=levels_of(settings))
        for entry in table.waiting(0)
    ]
    return sorted(stops, key=lambda stop: stop.index)


def _tables(
    spec: TuningJobSpec, trials: Sequence[Trial], levels: Sequence[int], *, always: Container[int]
) -> Iterator[Standings]:
    """Yield the standings at every rung of every bracket where a trial is Paused.

    Args:
        spec: The wish.
        trials: All trials of the run.
        levels: The rungs that count.
        always: Of the others only those count where one of the best is Paused.
    """
    sign = -to_score(1.0, spec.objective.goal)
    rungs: dict[int, dict[int, _Losses]] = defaultdict(lambda: defaultdict(_Losses))
    for trial in trials:
        if not trial.rungs:
            continue
        own = rungs[trial.bracket or 0]
        for seen in trial.rungs:
            own[seen.step].all.append(sign * seen.value)
        if trial.state is TrialState.PAUSED:
            own[seen.step].paused.append(sign * seen.value)
    for bracket, own in sorted(rungs.items()):
        members: list[Trial] | None = None
        for level in levels:
            losses = own[level]
            if not losses.paused:
                continue
            best, keep = min(losses.paused), len(losses.all) // _factor(spec)
            # Counted and not sorted: asked at every event, and at most of them nobody may go on.
            if level in always or len([loss for loss in losses.all if loss < best]) < keep:
                members = members or [t for t in trials if t.rungs and (t.bracket or 0) == bracket]
                yield standings(members, level, spec.objective)


class _Losses:
    """What trials reached at one rung of one bracket; the smaller the better."""

    __slots__ = ("all", "paused")

    def __init__(self) -> None:
        self.all: list[float] = []
        self.paused: list[float] = []


def _factor(spec: TuningJobSpec) -> int:
    return spec.strategy.hyperband.reduction_factor if spec.strategy.hyperband else 1
