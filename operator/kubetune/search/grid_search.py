"""Grid search: every combination of a finite search space, once."""

from collections.abc import Sequence
from itertools import islice

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Suggestion
from kubetune.core.space import Point, SearchSpace, build_space
from kubetune.core.trial import Trial


def suggest(
    spec: TuningJobSpec, trials: Sequence[Trial], *, count: int, first_index: int, seed: int
) -> Sequence[Suggestion]:
    """Return the next combinations, the last parameter turning fastest. See `SuggestFn`.

    Trial k has combination k. Where a Trial was lost before or after it ran, its index stays
    missing and its combination is given to a new index.
    """
    del seed  # nothing is random here
    space = build_space(spec.parameters)
    return [
        Suggestion(
            index=first_index + k,
            parameters=point,
            reason=f"one of the {space.size} combinations",
        )
        for k, point in enumerate(_untried(space, trials, count, first_index))
    ]


def _untried(
    space: SearchSpace, trials: Sequence[Trial], count: int, first_index: int
) -> Sequence[Point]:
    """Return the first `count` combinations that no trial has."""
    if len(trials) == first_index:  # no index is missing, so trial k has combination k
        return [space.point(k) for k in range(first_index, first_index + count)]
    tried = {space.key(trial.parameters) for trial in trials}
    return list(islice((p for p in space.points() if space.key(p) not in tried), count))
