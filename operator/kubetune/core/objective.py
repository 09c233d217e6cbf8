"""The objective: which value counts, and which of two is better.

`value` is what the training code reported. `score` is the value with the sign that makes larger
better; it is made here and nowhere else.
"""

from collections.abc import Collection, Iterable, Sequence
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
    best: Trial | None = None
    best_rank: Rank | None = None
    for trial in trials:
        own = rank(trial, objective.goal)
        if own is not None and (best_rank is None or own > best_rank):
            best, best_rank = trial, own
    return None if best is None else _at_rest(best)


Rank = tuple[bool, float, int]
"""(it Succeeded, its score, its negated index): the greatest is the incumbent's."""


def rank(trial: Trial, goal: Goal) -> Rank | None:
    """Return where a trial stands among the candidates for the incumbent; None if it is none."""
    state, value = trial.state, trial.value
    if trial.rungs and state in _TRAINING:
        return False, to_score(trial.rungs[-1].value, goal), -trial.index
    if value is None or not (state is TrialState.SUCCEEDED or state in _CUT_SHORT):
        return None
    return state is TrialState.SUCCEEDED, to_score(value, goal), -trial.index


_TRAINING = (TrialState.PENDING, TrialState.RUNNING)
_CUT_SHORT = (TrialState.EARLY_STOPPED, TrialState.STOPPED, TrialState.PAUSED)


def _at_rest(trial: Trial) -> Trial:
    """Return a trial as it was when it last had a value: one that trains on, at its last rung."""
    if trial.rungs and trial.state in _TRAINING:
        return replace(trial, state=TrialState.PAUSED, value=trial.rungs[-1].value)
    return trial


def by_finish(trials: Iterable[Trial]) -> list[Trial]:
    """Return the finished trials, first finished first; at the same moment by index."""
    return _in_order(trial for trial in trials if trial.state.is_finished)


def _in_order(trials: Iterable[Trial]) -> list[Trial]:
    return sorted(trials, key=lambda trial: (trial.finished_at or _NEVER, trial.index))


def trials_since_improvement(
    trials: Iterable[Trial],
    objective: ObjectiveSpec,
    tolerance: float,
    *,
    left_behind: Collection[int] = (),
) -> int:
    """Return how many trials ended with a value since the last one that improved the best.

    The first trial that Succeeded is an improvement, and so is each later one that is better than
    the last improvement by more than `tolerance` times that value's size; where that value is 0
    every better one is. Small gains therefore add up instead of being forgotten. EarlyStopped
    trials count but do not improve: a rule found that they would not win; and so do those that are
    Paused and `left_behind` (indices). Trials without a value (failed ones) say nothing and do not
    count, and neither does one that waits for the others of its rung. 0 while none Succeeded.
    """
    reference: float | None = None
    since = 0
    behind = set(left_behind)
    for trial in _in_order(
        trial for trial in trials if trial.state.is_finished or trial.index in behind
    ):
        if trial.value is None:
            continue
        if trial.state is TrialState.SUCCEEDED:
            score = to_score(trial.value, objective.goal)
            if reference is None or score - reference > tolerance * abs(reference):
                reference, since = score, 0
                continue
        elif trial.state not in (TrialState.EARLY_STOPPED, TrialState.PAUSED):
            continue
        since += reference is not None
    return since
