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
from kubetune.core.objective import to_score
from kubetune.core.rungs import levels_of
from kubetune.core.trial import Trial
from kubetune.stopping.standings import Row, Standings, promotion, stop

RULE = "asha-promotion/v1"


def find_promotions(spec: TuningJobSpec, trials: Sequence[Trial]) -> Sequence[Promotion]:
    """Return the Paused trials that may go on. See `PromoteFn`."""
    settings = spec.strategy.hyperband
    if settings is None:
        return ()
    levels = levels_of(settings)
    found: list[tuple[int, float, int, Promotion]] = []
    for table in _tables(spec, trials, levels[:-1], are_all=False):
        keep = len(table.rows) // settings.reduction_factor
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
            keep=len(table.rows) // settings.reduction_factor,
            metric=spec.objective.metric,
        )
        for table in _tables(spec, trials, levels_of(settings), are_all=True)
        for entry in table.waiting(0)
    ]
    return sorted(stops, key=lambda stop: stop.index)


def _tables(
    spec: TuningJobSpec, trials: Sequence[Trial], levels: Sequence[int], *, are_all: bool
) -> Iterator[Standings]:
    """Yield the standings at every rung of every bracket where a trial is Paused.

    Asked at every event, and at most of them nobody may go on.

    Args:
        spec: The wish.
        trials: All trials of the run.
        levels: The rungs that count.
        are_all: False: only those rungs where a Paused trial may go on.
    """
    sign = -to_score(1.0, spec.objective.goal)
    factor = spec.strategy.hyperband.reduction_factor if spec.strategy.hyperband else 1
    rows: dict[tuple[int, int], list[Row]] = {}
    best: dict[tuple[int, int], float] = {}  # of those that are Paused
    for trial in trials:
        for seen in trial.rungs:
            key = (trial.bracket or 0, seen.step)
            row = (sign * seen.value, trial.index, seen.value, trial)
            rows.setdefault(key, []).append(row)
        if trial.state is TrialState.PAUSED and trial.rungs:
            best[key] = min(row[0], best.get(key, row[0]))
    for key in sorted(best):
        own = rows[key]
        if key[1] not in levels:
            continue
        if not are_all:
            keep = len(own) // factor
            if keep == 0 or best[key] > sorted([row[0] for row in own])[keep - 1]:
                continue
        yield Standings(level=key[1], rows=sorted(own))
