"""Asynchronous successive halving in its stopping form: trials are judged at rungs.

A trial starts with the whole resource R. Its value at a rung is that of its first observation at or
past the rung's level (with objective.value Best: the best up to there), so a report that jumps over
rungs counts at each of them. A Running trial stands at the highest rung that it has passed, and
goes on only while its score there is among the best ⌊n / η⌋ of n trials: itself and those of its
bracket that were launched before it and have a value at that rung. Fewer than η values judge
nobody, equal values never stop each other, and nobody is stopped at the top rung, where the
resource is used up.

Nobody is judged at a rung that `foresight` has found to foretell nothing: there all go on.

A value stays recorded whatever becomes of its trial: trials that were stopped, failed or ended
count in n. A trial without an observation at the rung is neither judged nor counted.

Source: Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", Algorithm 2, in the
form that stops instead of promoting. There a trial is judged once, on arrival, against those that
arrived before it. When something arrived is not in the world that a restarted operator sees; the
order of launch is, and stands in for it here. decisions/0002 has the measurements.

Symbols: R the largest resource; η the reduction factor; n the population of a trial at a rung.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import FinalValue, ObjectiveSpec, TuningJobSpec
from kubetune.core.decision import Evidence, StopTrial
from kubetune.core.foresight import distrusted_levels
from kubetune.core.objective import final_value, to_score
from kubetune.core.rungs import levels_of
from kubetune.core.trial import Trial

RULE = "asha/v2"

Standing = Mapping[int, Mapping[int, Sequence[int]]]
"""bracket -> level of a rung -> indices of the trials that stand there, ascending. Trials of other
brackets do not compete at it."""


def stop_behind(spec: TuningJobSpec, trials: Sequence[Trial]) -> Sequence[StopTrial]:
    """Return the Running trials that are behind at the rung where they stand. See `StopFn`."""
    settings = spec.strategy.hyperband
    if settings is None:
        return ()
    levels = levels_of(settings)
    distrusted = distrusted_levels(spec, trials)
    standing: dict[int, dict[int, list[int]]] = {}
    ordered = sorted(trials, key=_INDEX)
    for trial in ordered:
        if trial.state is TrialState.RUNNING:
            level = _standing(trial, levels)
            if level is not None and level not in distrusted:
                rungs = standing.setdefault(trial.bracket or 0, {})
                rungs.setdefault(level, []).append(trial.index)
    stops = [
        stop
        for (bracket, level), rows in _recorded(standing, ordered, spec.objective).items()
        for stop in _behind(
            level, rows, standing[bracket][level], spec.objective, settings.reduction_factor
        )
    ]
    return sorted(stops, key=lambda stop: stop.index)


def _standing(trial: Trial, levels: Sequence[int]) -> int | None:
    """Return the highest rung that the trial has passed; None before the first and at the top."""
    last = trial.observations[-1].step if trial.observations else -1
    passed = [level for level in levels[trial.bracket or 0 :] if level <= last]
    if not passed or passed[-1] == levels[-1]:
        return None
    return passed[-1]


Rows = Sequence[tuple[int, float]]
"""(index, value) of the trials that have a value at a rung, by index ascending."""


def _recorded(
    standing: Standing, trials: Sequence[Trial], objective: ObjectiveSpec
) -> dict[tuple[int, int], Rows]:
    """Return what is recorded at each (bracket, level) where somebody stands.

    All trials are looked at in every decision, so once for all rungs.
    """
    is_last = objective.value is FinalValue.LAST
    recorded: dict[tuple[int, int], list[tuple[int, float]]] = {}
    wanted = {
        bracket: [(level, recorded.setdefault((bracket, level), [])) for level in sorted(rungs)]
        for bracket, rungs in standing.items()
    }
    if not wanted:
        return {}
    for trial in trials:
        seen = trial.observations
        if not seen:
            continue
        last = seen[-1]
        for level, rows in wanted.get(trial.bracket or 0, ()):
            if last.step < level:
                break
            if is_last and last.step == level:
                rows.append((trial.index, last.value))  # most trials end where they were stopped
                continue
            if is_last and seen[0].step >= level:
                rows.append((trial.index, seen[0].value))
                continue
            first = bisect_left(seen, level, key=_STEP)
            value = final_value(seen[: first + 1], objective.value, objective.goal)
            if value is not None:
                rows.append((trial.index, value))
    return dict(recorded)


_STEP = attrgetter("step")
_INDEX = attrgetter("index")


def _behind(
    level: int,
    rows: Rows,
    judged: Sequence[int],
    objective: ObjectiveSpec,
    reduction_factor: int,
) -> Iterator[StopTrial]:
    """Yield a stop for each of the judged trials that is behind at the rung."""
    sign = to_score(1.0, objective.goal)
    scores = [sign * value for _, value in rows]
    for index in judged:
        place = bisect_left(rows, (index,))
        population = place + 1
        keep = population // reduction_factor
        own = scores[place]
        # Counted and not sorted: this is asked for every trial that stands somewhere.
        ahead = [score for score in scores[:place] if score > own]
        if keep == 0 or len(ahead) < keep:
            continue
        evidence = Evidence(
            rule=RULE,
            step=level,
            value=rows[place][1],
            threshold=to_score(sorted(ahead)[-keep], objective.goal),
            population=population,
        )
        reason = _reason(evidence, keep, objective)
        yield StopTrial(index=index, reason=reason, evidence=evidence)


def _reason(evidence: Evidence, keep: int, objective: ObjectiveSpec) -> str:
    return (
        f"{objective.metric} {evidence.value:g} at step {evidence.step} is worse than "
        f"{evidence.threshold:g}: not among the best {keep} of {evidence.population} trials there, "
        "itself and those launched before it"
    )
