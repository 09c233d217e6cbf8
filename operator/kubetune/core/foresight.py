"""Which rungs foretell the end: a rung whose values do not is passed by everybody.

Where learning curves cross, the best at an early rung are not the best at the end, and a rule that
trusts that rung loses to random search. Trials of the last bracket, the one that begins at R, are
judged nowhere; those that Succeeded show how values at each rung order trials and how the final
values do. A rung is trusted until they speak against it.

With c, Spearman's rank correlation of the values at a rung with the final ones, over n such trials,
the rung is trusted while (n c + n0 c0) / (n + n0) >= c_min. It is trusted where nothing is known:
with n < 3, with equal final values, and in jobs with fewer brackets than rungs, which have no such
trials. What became of a trial at a rung is not taken back.

Source: the brackets are the hedge of Li et al. 2018, "Hyperband", section 3; to look at whether
rungs order trials alike is the idea of Bohdal et al. 2023, "PASHA", which compares the two highest
rungs to find how far to train. Measuring rungs by the last bracket is ours: decisions/0015.

Symbols: R the largest resource; K the number of rungs, R included.
"""

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import FinalValue, ObjectiveSpec, TuningJobSpec
from kubetune.core.brackets import bracket_count
from kubetune.core.objective import final_value
from kubetune.core.rungs import levels_of
from kubetune.core.trial import Trial

_FEWEST = 3
_PRIOR = 0.7  # c0, as of curves that mostly do not cross
_PRIOR_WEIGHT = 3  # n0: five trials with c = 0.06 are enough to distrust a rung, two never are
_LEAST = 0.3  # c_min

Curve = tuple[float, ...]
"""(K,), the values of one trial at the rungs, the last one its final value."""


def distrusted_levels(spec: TuningJobSpec, trials: Sequence[Trial]) -> frozenset[int]:
    """Return the rungs that foretell too little; R is never one of them.

    The asynchronous modes stop and hold back nobody there. Synchronous brackets have fixed sizes:
    no new one begins that would select there.

    Args:
        spec: The wish.
        trials: All trials of the run, in any order.
    """
    settings = spec.strategy.hyperband
    if settings is None:
        return frozenset()
    levels = levels_of(settings)
    kinds, last = bracket_count(settings), len(levels) - 1
    if last == 0 or kinds <= last:
        return frozenset()
    # Asked at every event: most trials have not Succeeded. Synchronous brackets are numbered on.
    ended_well = [t for t in trials if t.state is TrialState.SUCCEEDED]
    witnesses = [t for t in ended_well if (t.bracket or 0) % kinds == last]
    curves = [curve for t in witnesses if (curve := _curve(t, levels, spec.objective))]
    if len(curves) < _FEWEST:
        return frozenset()
    trusts = _trusts(tuple(sorted(curves)))
    return frozenset(level for level, trust in zip(levels, trusts, strict=False) if trust < _LEAST)


def _curve(trial: Trial, levels: Sequence[int], objective: ObjectiveSpec) -> Curve | None:
    """Return the trial's values at the rungs; None if it has none at the top."""
    seen = trial.observations
    if not seen or seen[-1].step < levels[-1]:
        return None
    curve = []
    for level in levels:
        first = bisect_left(seen, level, key=_STEP)
        value = (
            seen[first].value
            if objective.value is FinalValue.LAST
            else final_value(seen[: first + 1], objective.value, objective.goal)
        )
        if value is None:
            return None
        curve.append(value)
    return tuple(curve)


_STEP = attrgetter("step")


@lru_cache(maxsize=256)
def _trusts(curves: tuple[Curve, ...]) -> tuple[float, ...]:
    """Return how far each rung below the top is trusted, (K - 1,).

    Remembered, for most decisions are about the same curves as the one before.
    """
    final = _ranks([curve[-1] for curve in curves])
    count = len(curves)
    trusts = []
    for rung in range(len(curves[0]) - 1):
        rho = _correlation(_ranks([curve[rung] for curve in curves]), final)
        if rho is None:
            trusts.append(_PRIOR)
        else:
            trusts.append((count * rho + _PRIOR_WEIGHT * _PRIOR) / (count + _PRIOR_WEIGHT))
    return tuple(trusts)


def _ranks(values: Sequence[float]) -> list[float]:
    """Return the rank of each value, less the mean rank; equal ones share theirs."""
    ordered = sorted(values)
    middle = (len(values) - 1) / 2
    places = {value: ordered.index(value) for value in set(values)}
    return [places[value] + (ordered.count(value) - 1) / 2 - middle for value in values]


def _correlation(ranks: Sequence[float], final: Sequence[float]) -> float | None:
    """Return the correlation of centred ranks, Spearman's.

    0 where all are equal at the rung, which says nothing; None where all end alike, so that there
    is nothing to foretell.
    """
    own = sum(rank * rank for rank in ranks)
    whole = sum(rank * rank for rank in final)
    if whole == 0:
        return None
    if own == 0:
        return 0.0
    return float(sum(a * b for a, b in zip(ranks, final, strict=True)) / (own * whole) ** 0.5)
