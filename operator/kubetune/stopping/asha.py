"""Asynchronous successive halving in its stopping form: trials are judged at rungs.

A trial starts with the whole resource R. Its value at a rung is that of its first observation at or
past the rung's level (with objective.value Best: the best up to there), so a report that jumps over
rungs counts at each of them. A Running trial stands at the highest rung that it has passed, and
goes on only while its score there is among the best ⌊n / η⌋ of the n trials of its bracket that
have a value at that rung. Fewer than η values judge nobody, equal values never stop each other, and
nobody is stopped at the top rung, where the resource is used up.

A value stays recorded whatever becomes of its trial: trials that were stopped, failed or ended
count in n. A trial without an observation at the rung is neither judged nor counted.

Deviation from Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning": a trial is
judged not once, when it arrives at a rung, but for as long as it stands there, also against those
that arrive later. That makes the rule a function of the present world, so that a restart or a
missed event changes nothing. decisions/0002 has the measurement.

Symbols: r, R smallest and largest resource; η reduction factor; n population of a rung.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import ObjectiveSpec, TuningJobSpec
from kubetune.core.decision import Evidence, StopTrial
from kubetune.core.objective import final_value, to_score
from kubetune.core.rungs import rung_levels
from kubetune.core.trial import Trial

RULE = "asha/v1"


@dataclass(frozen=True, slots=True)
class _Rung:
    """A rung of one bracket, at which trials with other resources do not compete."""

    bracket: int
    level: int


def stop_behind(spec: TuningJobSpec, trials: Sequence[Trial]) -> Sequence[StopTrial]:
    """Return the Running trials that are behind at their rung. See `StopFn`."""
    settings = spec.strategy.hyperband
    if settings is None:
        return ()
    levels = rung_levels(settings.min_resource, settings.max_resource, settings.reduction_factor)
    standing = {
        trial.index: rung
        for trial in trials
        if trial.state is TrialState.RUNNING and (rung := _standing(trial, levels)) is not None
    }
    stops = []
    for rung in set(standing.values()):
        goal = spec.objective.goal
        ranked: list[float] = []
        for index, value in sorted(_recorded(rung, trials, spec.objective).items()):
            insort(ranked, to_score(value, goal))
            keep = len(ranked) // settings.reduction_factor
            if standing.get(index) != rung or keep == 0:
                continue
            if to_score(value, goal) < ranked[-keep]:
                evidence = Evidence(
                    rule=RULE,
                    step=rung.level,
                    value=value,
                    threshold=to_score(ranked[-keep], goal),
                    population=len(ranked),
                )
                reason = _reason(evidence, keep, spec.objective)
                stops.append(StopTrial(index=index, reason=reason, evidence=evidence))
    return sorted(stops, key=lambda stop: stop.index)


def _standing(trial: Trial, levels: Sequence[int]) -> _Rung | None:
    """Return the highest rung that the trial has passed; None before the first and at the top."""
    bracket = trial.bracket or 0
    last = trial.observations[-1].step if trial.observations else -1
    passed = [level for level in levels[bracket:] if level <= last]
    if not passed or passed[-1] == levels[-1]:
        return None
    return _Rung(bracket, passed[-1])


def _recorded(rung: _Rung, trials: Sequence[Trial], objective: ObjectiveSpec) -> dict[int, float]:
    """Return the value at the rung of every trial of its bracket that has one, by index."""
    values = {}
    for trial in trials:
        seen = trial.observations
        if (trial.bracket or 0) != rung.bracket or not seen or seen[-1].step < rung.level:
            continue
        first = bisect_left(seen, rung.level, key=lambda observation: observation.step)
        value = final_value(seen[: first + 1], objective.value, objective.goal)
        if value is not None:
            values[trial.index] = value
    return values


def _reason(evidence: Evidence, keep: int, objective: ObjectiveSpec) -> str:
    better = "the best value" if keep == 1 else f"the worst of the best {keep} values"
    return (
        f"{objective.metric} {evidence.value:g} at step {evidence.step} is behind "
        f"{evidence.threshold:g}, {better} of {evidence.population} trials there"
    )
