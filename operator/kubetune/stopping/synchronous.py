"""Synchronous successive halving: a rung of a bracket is decided when all of its trials are there.

Of the n trials at a rung the best ⌊n / η⌋ go on; the others are stopped. n is what the bracket's
table says, not how many have a value: trials that failed leave a rung, but do not hold it up, and
they do not make it smaller. A bracket whose trials are still to come decides nothing. Brackets do
not wait for each other: while one waits for its last trials, the next begins.

Source: Li et al. 2018, "Hyperband", Algorithm 1, lines 5 to 9.

Symbols: n the number of trials of a rung by the table; η the reduction factor.
"""

from collections.abc import Iterator, Sequence

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.brackets import Bracket, group, newest_number
from kubetune.core.decision import Promotion, StopTrial
from kubetune.core.space import build_space
from kubetune.core.trial import Trial
from kubetune.stopping.standings import Standings, is_paused_at, promotion, standings, stop

RULE = "successive-halving/v1"


def find_promotions(spec: TuningJobSpec, trials: Sequence[Trial]) -> Sequence[Promotion]:
    """Return the Paused trials that go on, oldest bracket first. See `PromoteFn`."""
    return [
        promotion(table, entry, rule=RULE, keep=keep, resource=above, metric=spec.objective.metric)
        for table, keep, above in _decided(spec, trials)
        for entry in table.waiting(0, keep)
    ]


def stop_dropped(spec: TuningJobSpec, trials: Sequence[Trial]) -> Sequence[StopTrial]:
    """Return stops for the Paused trials that their rung has left behind. See `StopFn`."""
    stops = [
        stop(table, entry, rule=RULE, keep=keep, metric=spec.objective.metric)
        for table, keep, _ in _decided(spec, trials)
        for entry in table.waiting(keep)
    ]
    return sorted(stops, key=lambda stop: stop.index)


def stop_paused(spec: TuningJobSpec, trials: Sequence[Trial]) -> Sequence[StopTrial]:
    """Return stops for all Paused trials, as the job has ended. See `RetireFn`."""
    settings = spec.strategy.hyperband
    if settings is None:
        return ()
    stops = [
        stop(table, entry, rule=RULE, keep=keep, metric=spec.objective.metric)
        for bracket in group(settings, trials)
        for level, keep in zip(
            bracket.levels, bracket.sizes(settings.reduction_factor)[1:], strict=False
        )
        for table in [standings(bracket.trials, level, spec.objective)]
        for entry in table.waiting(0)
    ]
    return sorted(stops, key=lambda stop: stop.index)


def _decided(spec: TuningJobSpec, trials: Sequence[Trial]) -> Iterator[tuple[Standings, int, int]]:
    """Yield each rung that can be decided: who stands where, how many go on, and where to."""
    settings = spec.strategy.hyperband
    if settings is None:
        return
    # Where nobody waits nothing is decided, and most brackets are long over.
    waiting = {trial.bracket or 0 for trial in trials if trial.state is TrialState.PAUSED}
    if not waiting:
        return
    is_last = _no_more_come(spec, trials)
    newest = newest_number(trials)
    for bracket in group(settings, [t for t in trials if (t.bracket or 0) in waiting]):
        is_closed = (
            is_last
            or bracket.number != newest
            or len(bracket.trials) >= bracket.size
            or bracket.is_decided
        )
        if is_closed:
            yield from _decided_rungs(bracket, spec, settings.reduction_factor)


def _decided_rungs(
    bracket: Bracket, spec: TuningJobSpec, reduction_factor: int
) -> Iterator[tuple[Standings, int, int]]:
    sizes = bracket.sizes(reduction_factor)
    for rung, level in enumerate(bracket.levels[:-1]):
        # Those that may train to here; at the first rung that is all of them.
        contenders = [trial for trial in bracket.trials if (trial.resource or 0) >= level]
        if any(not _has_ended(trial, level) for trial in contenders):
            return
        table = standings(contenders, level, spec.objective)
        keep = min(sizes[rung + 1], len(table.rows))
        if table.rows:
            yield table, keep, bracket.levels[rung + 1]
        if table.waiting(0, keep):
            return  # the next rung is not complete before they are there


def _has_ended(trial: Trial, level: int) -> bool:
    """True if the trial was trained to that rung, or never will be."""
    is_beyond = any(seen.step == level for seen in trial.rungs)
    return is_beyond or trial.state.is_finished or is_paused_at(trial, level)


def _no_more_come(spec: TuningJobSpec, trials: Sequence[Trial]) -> bool:
    """True if the job makes no further trial."""
    most = spec.limits.max_trials
    if most is not None and len(trials) >= most:
        return True
    combinations = build_space(spec.parameters).size
    return combinations is not None and len(trials) >= combinations
