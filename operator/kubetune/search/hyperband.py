"""Hyperband's suggestions: random points, each with the full resource and a bracket of its own.

Which of them are stopped, and when, is the business of stopping.asha.
"""

from collections.abc import Sequence

from kubetune.api.strategy import HyperbandSettings
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Suggestion
from kubetune.core.rungs import bracket_sizes, rung_levels
from kubetune.core.seeding import words
from kubetune.core.space import Point, build_space
from kubetune.core.trial import Trial
from kubetune.core.warm_start import ParentRun
from kubetune.errors import StrategyError
from kubetune.search.sampling import draw_points, taken_points


def suggest(
    spec: TuningJobSpec,
    trials: Sequence[Trial],
    *,
    count: int,
    first_index: int,
    seed: int,
    parents: Sequence[ParentRun] = (),
) -> Sequence[Suggestion]:
    """Return random points with resource R and a bracket. See `SuggestFn`."""
    settings = spec.strategy.hyperband
    if settings is None:
        raise StrategyError("strategy.hyperband is not set, so there is no maxResource")
    indices = range(first_index, first_index + count)
    taken = taken_points(spec, trials, parents)
    points = draw_points(build_space(spec.parameters), taken, indices, seed=seed)
    return [_suggestion(settings, i, p, seed) for i, p in zip(indices, points, strict=True)]


def _suggestion(settings: HyperbandSettings, index: int, point: Point, seed: int) -> Suggestion:
    levels = rung_levels(settings.min_resource, settings.max_resource, settings.reduction_factor)
    bracket = draw_bracket(settings, len(levels), index, seed)
    return Suggestion(
        index=index,
        parameters=point,
        resource=settings.max_resource,
        bracket=bracket,
        reason=f"pseudorandom point {index} of seed {seed}, first judged at step {levels[bracket]}",
    )


def draw_bracket(settings: HyperbandSettings, rungs: int, index: int, seed: int) -> int:
    """Return the bracket of the trial: drawn in proportion to the brackets' sizes.

    Determinism: a function of the settings, the index and the seed.
    """
    sizes = bracket_sizes(rungs, settings.brackets, settings.reduction_factor)
    place = words(seed, index, "hyperband/bracket", 1)[0] * sum(sizes) >> 64
    bracket = 0
    while place >= sizes[bracket]:
        place -= sizes[bracket]
        bracket += 1
    return bracket
