"""What Hyperband's trials say to a model: scores at one rung, and what ranks carry over to it.

A model learns from one rung alone, for values of different rungs do not compare: from the highest
one that enough trials have reached. Most trials never get there. What can be carried over of them
is the rank that they had at their last rung, among those that went on from it; and that only while
ranks at that rung say something about ranks at the higher one.

Source: Falkner et al. 2018, "BOHB", section 3.2: the model of the largest budget with at least
d + 1 observations, which N_min is there. Carrying ranks over is an addition of ours.

Symbols: d the number of parameters; τ Kendall's rank correlation of two rungs.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import combinations

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import ObjectiveSpec
from kubetune.core.objective import final_value, to_score
from kubetune.core.space import SearchSpace
from kubetune.core.trial import Trial
from kubetune.search.evidence import Evidence, Parameters, contains

# With fewer trials at both rungs a rank says too little.
_ENOUGH = 4
# Below this, ranks at one rung say little about those at the other; half of all pairs that are
# ordered alike by chance is a τ of 0.
_LEAST_TAU = 0.2

Scores = Mapping[int, float]
"""The scores of one trial by rung."""


def gather_at_rung(
    trials: Sequence[Trial],
    space: SearchSpace,
    objective: ObjectiveSpec,
    *,
    levels: Sequence[int],
) -> Evidence:
    """Return what the trials say about the highest rung that enough of them have reached.

    Nothing is scored while no rung has enough trials.

    Args:
        trials: All trials of the run; those with parameters outside the space say nothing.
        space: The search space.
        objective: What their values mean.
        levels: The rungs, ascending.
    """
    inside = sorted((t for t in trials if contains(space, t.parameters)), key=lambda t: t.index)
    scores = {t.index: _scores(t, objective, levels) for t in inside}
    wanted = len(space.names) + 1
    reached = {level: sum(level in known for known in scores.values()) for level in levels}
    top = max((level for level in levels if reached[level] >= wanted), default=None)
    scored: list[tuple[Parameters, float]] = []
    pending: list[Parameters] = []
    failed: list[Parameters] = []
    tried: list[Parameters] = []
    carried = None if top is None else _Carrier(scores, top)
    for trial in inside:
        known = scores[trial.index]
        if top is not None and top in known:
            scored.append((trial.parameters, known[top]))
        elif not trial.state.is_idle:
            pending.append(trial.parameters)
        elif carried is not None and known:
            score = carried.score(max(known), known[max(known)])
            if score is None:
                tried.append(trial.parameters)
            else:
                scored.append((trial.parameters, score))
        elif trial.state in (TrialState.FAILED, TrialState.METRICS_UNAVAILABLE):
            failed.append(trial.parameters)
        else:
            tried.append(trial.parameters)
    return Evidence(scored=scored, pending=pending, failed=failed, tried=tried)


class _Carrier:
    """Carries scores over from lower rungs to one."""

    def __init__(self, scores: Mapping[int, Scores], top: int) -> None:
        self._pairs: dict[int, list[tuple[float, float]]] = {}
        for known in scores.values():
            if top in known:
                for level, score in known.items():
                    self._pairs.setdefault(level, []).append((score, known[top]))
        self._trusted = {
            level: len(pairs) >= _ENOUGH and _tau(pairs) >= _LEAST_TAU
            for level, pairs in self._pairs.items()
        }

    def score(self, level: int, own: float) -> float | None:
        """Return the score in the top rung's terms; None if its rung says nothing about that."""
        if not self._trusted.get(level, False):
            return None
        pairs = self._pairs[level]
        below = sorted(at for at, _ in pairs)
        ends = sorted(end for _, end in pairs)
        # Its place among the others, half-way among equals: 0 below all, len - 1 above all.
        place = (bisect_left(below, own) + bisect_right(below, own)) / 2 - 0.5
        place = min(max(place, 0.0), len(ends) - 1.0)
        lower = int(place)
        upper = min(lower + 1, len(ends) - 1)
        return ends[lower] + (place - lower) * (ends[upper] - ends[lower])


def _tau(pairs: Sequence[tuple[float, float]]) -> float:
    """Return Kendall's τ-a: pairs ordered alike less pairs ordered otherwise, over all pairs."""
    total = sum(
        ((a > b) - (a < b)) * ((x > y) - (x < y)) for (a, x), (b, y) in combinations(pairs[-50:], 2)
    )
    count = min(len(pairs), 50)
    return total / (count * (count - 1) / 2)


def _scores(trial: Trial, objective: ObjectiveSpec, levels: Sequence[int]) -> dict[int, float]:
    """Return the trial's score at each rung that it has reached."""
    known = {seen.step: to_score(seen.value, objective.goal) for seen in trial.rungs}
    seen = trial.observations
    last = seen[-1].step if seen else -1
    steps = [observation.step for observation in seen]
    for level in levels:
        if level in known or level > last:
            continue
        first = bisect_left(steps, level)
        value = final_value(seen[: first + 1], objective.value, objective.goal)
        if value is not None:
            known[level] = to_score(value, objective.goal)
    return known
