"""Grid search: every combination of a finite search space, once."""

from collections.abc import Iterator, Sequence
from itertools import islice

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Suggestion
from kubetune.core.initial_trials import initial_points
from kubetune.core.space import Point, SearchSpace, build_space
from kubetune.core.trial import Trial
from kubetune.core.warm_start import ParentRun


def suggest(
    spec: TuningJobSpec,
    trials: Sequence[Trial],
    *,
    count: int,
    first_index: int,
    seed: int,
    parents: Sequence[ParentRun] = (),
) -> Sequence[Suggestion]:
    """Return the next combinations, the last parameter turning fastest. See `SuggestFn`.

    Trial k has combination k; with initial trials, the k-th one after them has the k-th combination
    that is none of theirs. Where a Trial was lost before or after it ran, its index stays missing
    and its combination is given to a new index.
    """
    del parents  # refused with Grid
    space = build_space(spec.parameters)
    given = sorted(space.number(point) for point in initial_points(spec, seed=seed))
    if len(trials) == first_index >= len(given):  # no index is missing
        untried = _others(space, given, first_index - len(given))
    else:
        tried = {space.key(trial.parameters) for trial in trials}
        untried = (point for point in space.points() if space.key(point) not in tried)
    return [
        Suggestion(
            index=first_index + k,
            parameters=point,
            reason=f"one of the {space.size} combinations",
        )
        for k, point in enumerate(islice(untried, count))
    ]


def _others(space: SearchSpace, given: Sequence[int], start: int) -> Iterator[Point]:
    """Yield the combinations that are not among the given numbers, from the start-th one on."""
    number = start
    for taken in given:
        number += taken <= number
    for k in range(number, space.size or 0):
        if k not in given:
            yield space.point(k)
