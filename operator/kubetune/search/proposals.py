"""Where the acquisition function is best: points from all over the space, improved step by step.

Every candidate is a point of the space: an Integer moves to another of its values, a Categorical
to any other of its values, instead of being rounded at the end to what nobody asked about.

Symbols: m candidates; d parameters; z (m, d) coordinates (see `features`).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from kubetune.core.space import Point
from kubetune.search.features import Features, Floats

Key = tuple[object, ...]
Score = Callable[[Floats], Floats]

_GLOBAL = 400  # candidates from all over the space
_STARTS = 5  # best known points whose neighbourhoods are looked at as well
_NEIGHBOURS = 24  # candidates around each point that is improved
_KEPT = 6  # points that are improved side by side
_ROUNDS = 8
_FIRST_STEP, _SHRINK = 0.3, 0.6  # in length scales; each round steps less far
_START_STEPS = (0.3, 0.1, 0.03)
_HOW_MANY = (0.4, 0.3, 0.3)  # how often one parameter is changed, or two, or all
_CHANGE_CATEGORY = 0.6
_ENUMERATED = 1024  # a space of at most as many points is looked at as a whole


@dataclass(frozen=True, slots=True)
class Candidate:
    """A point that may be suggested.

    Attributes:
        z: Its coordinates, (d,).
        point: The point.
        acquisition: Its acquisition, larger being better.
    """

    z: Floats
    point: Point
    acquisition: float


@dataclass(frozen=True, slots=True)
class Ground:
    """Where to look for candidates.

    Attributes:
        features: The search space.
        taken: Keys of the points that must not be suggested.
        good: Coordinates of the best known points, best first.
        lengths: How far the objective changes little, per parameter, (d,).
    """

    features: Features
    taken: Collection[Key]
    good: Floats
    lengths: Floats


def best_candidate(ground: Ground, score: Score, rng: np.random.Generator) -> Candidate | None:
    """Return the best point that is not taken, or None if none was found that is free.

    Determinism: a function of its arguments and the state of `rng`.
    """
    features = ground.features
    size = features.space.size
    if size is not None and size <= _ENUMERATED:
        z = features.grid()
        return _first_free(ground, z, score(z))
    wide = features.spread(rng.random((_GLOBAL, len(features.columns))))
    around = ground.good[:_STARTS]
    near = [_neighbours(ground, around, rng, step) for step in _START_STEPS]
    z = _distinct(np.concatenate([wide, *near]))
    acquisition = score(z)
    step = _FIRST_STEP
    for _ in range(_ROUNDS):
        best = np.argsort(-acquisition, kind="stable")[:_KEPT]
        fresh = _neighbours(ground, z[best], rng, step)
        z = np.concatenate([z, fresh])
        acquisition = np.concatenate([acquisition, score(fresh)])
        step *= _SHRINK
    return _first_free(ground, z, acquisition)


def _first_free(ground: Ground, z: Floats, acquisition: Floats) -> Candidate | None:
    for i in np.argsort(-acquisition, kind="stable"):
        point = ground.features.decode(z[i])
        if ground.features.space.key(point) not in ground.taken:
            return Candidate(z[i], point, float(acquisition[i]))
    return None


def _neighbours(ground: Ground, z: Floats, rng: np.random.Generator, step: float) -> Floats:
    """Return `_NEIGHBOURS` points around each of z: one parameter is changed, or two, or all."""
    features, d = ground.features, z.shape[1]
    near = np.repeat(z, _NEIGHBOURS, axis=0)
    m = len(near)
    share = np.array([1.0, 2.0, float(d)])[rng.choice(3, size=(m, 1), p=_HOW_MANY)] / d
    changed = rng.random((m, d)) < share
    changed[np.arange(m), rng.integers(d, size=m)] = True
    moves = rng.standard_normal((m, d)) * step * ground.lengths
    for j, column in enumerate(features.columns):
        if column.categorical:
            changed[:, j] &= rng.random(m) < _CHANGE_CATEGORY
            other = near[:, j] + rng.integers(1, max(2, column.choices), size=m)
            moved = other % column.choices
        else:
            move = moves[:, j]
            if column.choices > 1:  # at least to the next value
                least = 1 / (column.choices - 1)
                move = np.where(np.abs(move) < least, np.copysign(least, move), move)
            moved = np.clip(near[:, j] + move, 0.0, 1.0)
        near[:, j] = np.where(changed[:, j], moved, near[:, j])
    return features.snap(near)


def _distinct(z: Floats) -> Floats:
    _, first = np.unique(z, axis=0, return_index=True)
    return np.asarray(z[np.sort(first)])
