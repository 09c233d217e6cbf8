"""Random points of the search space that no trial has yet, as random search and Hyperband use them.

The point of an index is a function of the seed, the index and the points that exist already, so a
restarted operator suggests the same ones, also where indices are missing. In a finite space no
point comes twice: a taken one is drawn again, and when almost every point is taken a walk in a
random order finds a free one.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kubetune.api.parameters import ParameterValue
from kubetune.api.strategy import Sequence as PointSequence
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.seeding import uniforms, words
from kubetune.core.space import Point, SearchSpace
from kubetune.core.trial import Trial
from kubetune.core.warm_start import ParentRun, known_points
from kubetune.search.halton import halton_point

# A draw fails as often as points are taken: with nine of ten taken, 64 draws fail in 0.1 %.
_DRAWS = 64


def taken_points(
    spec: TuningJobSpec, trials: Sequence[Trial], parents: Sequence[ParentRun]
) -> Iterator[Mapping[str, ParameterValue]]:
    """Yield the points that are not to be tried: those of trials, and those known from parents."""
    yield from (trial.parameters for trial in trials)
    yield from (point.parameters for point in known_points(spec, parents))


def draw_points(
    space: SearchSpace,
    taken: Iterable[Mapping[str, ParameterValue]],
    indices: Sequence[int],
    *,
    seed: int,
    sequence: PointSequence = PointSequence.PSEUDORANDOM,
) -> list[Point]:
    """Return one point for each index, uniform in the scaled space.

    Args:
        space: The search space; if finite, with at least len(indices) points not taken.
        taken: Points that are not to be drawn.
        indices: Indices of the new trials.
        seed: Seed of the run.
        sequence: Pseudorandom, or Quasirandom for an evenly spread sequence; a quasi-random point
            that is taken is replaced by a pseudorandom one.
    """
    if space.size is None:
        return [next(_draws(space, index, seed, sequence)) for index in indices]
    keys = {space.key(point) for point in taken}
    points = []
    for index in indices:
        candidates = _candidates(space, space.size, index, seed, sequence)
        point = next(point for point in candidates if space.key(point) not in keys)
        keys.add(space.key(point))
        points.append(point)
    return points


def _candidates(
    space: SearchSpace, size: int, index: int, seed: int, sequence: PointSequence
) -> Iterator[Point]:
    """Yield points for the index until every point of the space has come."""
    yield from _draws(space, index, seed, sequence)
    start, stride = words(seed, index, "random-search/walk", 2)
    stride %= size
    while math.gcd(stride, size) != 1:
        stride += 1
    yield from (space.point((start + step * stride) % size) for step in range(size))


def _draws(space: SearchSpace, index: int, seed: int, sequence: PointSequence) -> Iterator[Point]:
    dimensions = len(space.names)
    if sequence is PointSequence.QUASIRANDOM:
        yield space.decode(halton_point(seed, index, dimensions))
    for draw in range(_DRAWS):
        yield space.decode(uniforms(seed, index, f"random-search/{draw}", dimensions))
