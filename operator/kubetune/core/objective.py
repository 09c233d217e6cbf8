"""The objective: which value counts, and which of two is better.

`value` is what the training code reported. `score` is the value with the sign that makes larger
better; it is made here and nowhere else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import FinalValue, Goal, ObjectiveSpec
from kubetune.core.trial import Observation, Trial

_NEVER = datetime.max.replace(tzinfo=UTC)


def to_score(value: float, goal: Goal) -> float:
    """Return the score of a value. Its own inverse: a score given as value gives the value."""
    return value if goal is Goal.MAXIMIZE else -value


def final_value(observations: Sequence[Observation], which: FinalValue, goal: Goal) -> float | None:
    """Return the value of a trial that reported these, by step ascending; None if it has none."""
    if not observations:
        return None
    if which is FinalValue.LAST:
        return observations[-1].value
    values = (observation.value for observation in observations)
    return max(values) if goal is Goal.MAXIMIZE else min(values)


def incumbent(trials: Iterable[Trial], objective: ObjectiveSpec) -> Trial | None:
    """Return the best trial so far, None if no trial has a value.

    Trials that Succeeded come first: the value of a trial that was stopped belongs to a shorter
    training. Only if none Succeeded is it the best of those that were EarlyStopped or Stopped or
    are Paused; one that was promoted and trains on stands there with its value at the last rung.
    Among equals the lower index wins.
    """
    stopped = (TrialState.EARLY_STOPPED, TrialState.STOPPED, TrialState.PAUSED)
    best: Trial | None = None
    best_rank: tuple[bool, float, int] | None = None
    for trial in trials:
        succeeded = trial.state is TrialState.SUCCEEDED
        if trial.rungs and not trial.state.is_idle:
            trial = replace(trial, state=TrialState.PAUSED, value=trial.rungs[-1].value)  # noqa: PLW2901  as it was there
        if trial.value is None or not (succeeded or trial.state in stopped):
            continue
        rank = (succeeded, to_score(trial.value, objective.goal), -trial.index)
        if best_rank is None or rank > best_rank:
            best, best_rank = trial, rank
    return best


def by_finish(trials: Iterable[Trial]) -> list[Trial]:
    """Return the finished trials, first finished first; at the same moment by index."""
    finished = [trial for trial in trials if trial.state.is_finished]
    return sorted(finished, key=lambda trial: (trial.finished_at or _NEVER, trial.index))


def trials_since_improvement(
    trials: Iterable[Trial], objective: ObjectiveSpec, tolerance: float
) -> int:
    """Return how many trials finished with a value since the last one that improved the best.

    The first trial that Succeeded is an improvement, and so is each later one that is better than
    the last improvement by more than `tolerance` times that value's size; where that value is 0
    every better one is. Small gains therefore add up instead of being forgotten. EarlyStopped
    trials count but do not improve: a rule found that they would not win. Trials without a value
    (failed ones) say nothing and do not count. 0 while none Succeeded.
    """
    reference: float | None = None
    since = 0
    for trial in by_finish(trials):
        if trial.value is None:
            continue
        if trial.state is TrialState.SUCCEEDED:
            score = to_score(trial.value, objective.goal)
            if reference is None or score - reference > tolerance * abs(reference):
                reference, since = score, 0
                continue
        elif trial.state is not TrialState.EARLY_STOPPED:
            continue
        since += reference is not None
    return since
