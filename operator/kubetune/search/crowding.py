"""Keeping points that are in flight apart from each other.

Nothing is gained by asking twice at once what one answer tells. A candidate is crowded by pending
points in one of two ways: its value follows from theirs, so that little of what is to be learnt
there would be left; or it is simply next to one of them, which the surrogate does not see as a
waste where it takes the noise for large or the objective for known. In a crowded space all are
crowded, and the freest is left.

Symbols: m candidates; k pending points; d parameters; z (m, d), q (k, d) coordinates; told (m,)
log of the standard deviation without pending points over the one with them.
"""

import math

import numpy as np

from kubetune.search.features import Features, Floats

# Where pending points halve a candidate's standard deviation (e^0.7 is 2), too little is left to be
# learnt. This and the distance below are judgements, not fits: without them 32 points in flight
# came to lie 0.003 apart in a smooth space, and no other values were compared.
_TOLD = 0.7
_APART = 0.03  # times the root of d: the least distance, differing categories being 1 apart
# By how much a point is wanted less, times how much it is too close: large beside what an
# acquisition function tells of two points that are worth a trial, so that it decides first.
_CROWDED = 1e3


def crowding(features: Features, z: Floats, q: Floats, told: Floats) -> Floats:
    """Return by how much candidates are wanted less for what is pending, (m,), at least 0."""
    if not len(q):
        return np.zeros(len(z))
    square = np.zeros((len(z), len(q)))
    for j, column in enumerate(features.columns):
        away = np.abs(z[:, [j]] - q[:, j])
        square += away > 0 if column.categorical else away * away
    near = 1 - np.sqrt(square.min(axis=1)) / (_APART * math.sqrt(len(features.columns)))
    return np.asarray(_CROWDED * (np.maximum(told - _TOLD, 0.0) + np.maximum(near, 0.0)))
