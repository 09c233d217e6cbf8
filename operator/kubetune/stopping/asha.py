"""Asynchronous successive halving in its stopping form: trials are judged at rungs.

A trial starts with the whole resource R. Its value at a rung is that of its first observation at or
past the rung's level (with objective.value Best: the best up to there), so a report that jumps over
rungs counts at each of them. A Running trial stands at the highest rung that it has passed, and
goes on only while its score there is among the best ⌊n / η⌋ of n trials: itself and those of its
bracket that were launched before it and have a value at that rung. Fewer than η values judge
nobody, equal values never stop each other, and nobody is stopped at the top rung, where the
resource is used up.

A value stays recorded whatever becomes of its trial: trials that were stopped, failed or ended
count in n. A trial without an observation at the rung is neither judged nor counted.

Source: Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", Algorithm 2, in the
form that stops instead of promoting. There a trial is judged once, on arrival, against those that
arrived before it. When something arrived is not in the world that a restarted operator sees; the
order of launch is, and stands in for it here. decisions/0002 has the measurements.

Symbols: R the largest resource; η the reduction factor; n the population of a trial at a rung.
"""

from bisect import bisect_left, insort
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import FinalValue, ObjectiveSpec, TuningJobSpec
from kubetune.core.decision import Evidence, StopTrial
from kubetune.core.objective import final_value, to_score
from kubetune.core.rungs import levels_of
from kubetune.core.trial import Trial

RULE = "asha/v1"


@dataclass(frozen=True, slots=True)
class _Rung:
    """A rung of one bracket; trials of other brackets do not compete at it."""

    bracket: int
    level: int


def stop_behind(spec: TuningJobSpec, trials: Sequence[Trial]) -> Sequence[StopTrial]:
    """Return the Running trials that are behind at the rung where they stand. See `StopFn`."""
    settings = spec.strategy.hyperband
    if settings is None:
        return ()
    levels = levels_of(settings)
    standing = {
        trial.index: rung
        for trial in trials
        if trial.state is TrialState.RUNNING and (rung := _standing(trial, levels)) is not None
    }
    stops: list[StopTrial] = []
    for rung in set(standing.values()):
        judged = {index for index, at in standing.items() if at == rung}
        recorded = _recorded(rung, trials, spec.objective, until=max(judged))
        stops.extend(_behind(rung, recorded, judged, spec.objective, settings.reduction_factor))
    return sorted(stops, key=lambda stop: stop.index)


def _standing(trial: Trial, levels: Sequence[int]) -> _Rung | None:
    """Return the highest rung that the trial has passed; None before the first and at the top."""
    bracket = trial.bracket or 0
    last = trial.observations[-1].step if trial.observations else -1
    passed = [level for level in levels[bracket:] if level <= last]
    if not passed or passed[-1] == levels[-1]:
        return None
    return _Rung(bracket, passed[-1])


def _recorded(
    rung: _Rung, trials: Sequence[Trial], objective: ObjectiveSpec, *, until: int
) -> dict[int, float]:
    """Return the value at the rung of every trial of its bracket that has one, by index.

    Later ones than `until` are left out: they change nothing for those before them.
    """
    bracket, level = rung.bracket, rung.level
    is_last = objective.value is FinalValue.LAST
    recorded: dict[int, float] = {}
    for trial in trials:
        seen = trial.observations
        if not seen or (trial.bracket or 0) != bracket or trial.index > until:
            continue
        last = seen[-1]
        if last.step < level:
            continue
        if is_last and (last.step == level or len(seen) == 1):
            recorded[trial.index] = last.value  # most trials end where they were stopped
            continue
        first = bisect_left(seen, level, key=_STEP)
        value = final_value(seen[: first + 1], objective.value, objective.goal)
        if value is not None:
            recorded[trial.index] = value
    return recorded


_STEP = attrgetter("step")


def _behind(
    rung: _Rung,
    recorded: Mapping[int, float],
    judged: Container[int],
    objective: ObjectiveSpec,
    reduction_factor: int,
) -> Iterator[StopTrial]:
    """Yield a stop for each of the judged trials that is behind at the rung."""
    scores: list[float] = []  # of the trials launched so far, ascending
    for index in sorted(recorded):
        score = to_score(recorded[index], objective.goal)
        insort(scores, score)
        keep = len(scores) // reduction_factor
        if index not in judged or keep == 0 or score >= scores[-keep]:
            continue
        evidence = Evidence(
            rule=RULE,
            step=rung.level,
            value=recorded[index],
            threshold=to_score(scores[-keep], objective.goal),
            population=len(scores),
        )
        reason = _reason(evidence, keep, objective)
        yield StopTrial(index=index, reason=reason, evidence=evidence)


def _reason(evidence: Evidence, keep: int, objective: ObjectiveSpec) -> str:
    return (
        f"{objective.metric} {evidence.value:g} at step {evidence.step} is worse than "
        f"{evidence.threshold:g}: not among the best {keep} of {evidence.population} trials there, "
        "itself and those launched before it"
    )
