"""Keeping suggestions off the edges of the space while little is known.

Where no point is near, the surrogate knows nothing, and nothing is farther from all points than an
edge: with eight scores, three to five of ten coordinates were suggested on one, where random search
has one. Yet a range is chosen around what was expected to be good, and trainings at its ends are
mostly bad. So being near an edge weighs against a point. The more scores there are, the less it
weighs, and a search whose best points are at an edge gets there a little later.

Symbols: m candidates; d parameters; n scores; z (m, d) coordinates; u (m,) the place of one
coordinate in [0, 1], for a stepped parameter the middle of what its value stands for.

Source: Hvarfner et al. 2022, "πBO: augmenting acquisition functions with user beliefs for Bayesian
optimization", equation 6: the acquisition times the belief to the power of beta / n. The belief
that is meant here is ours; no user has to say it.
"""

import numpy as np

from kubetune.search.features import Features, Floats

# beta; 3, 5 and 10 did about as well: decisions/0016.
_STRENGTH = 8.0
# Nothing beyond this distance from an edge weighs less; the belief in the edge itself is not 0.
_RIM, _LEAST = 0.25, 0.08


def log_belief(features: Features, z: Floats, known: int) -> Floats:
    """Return the logarithm of the belief in points z, to the power of beta / n: (m,), at most 0.

    Args:
        features: The search space. A Categorical has no edges.
        z: Coordinates of the points.
        known: n, at least 1.
    """
    total = np.zeros(len(z))
    for j, column in enumerate(features.columns):
        if not column.categorical:
            u = column.low + z[:, j] * column.span
            away = np.minimum(u, 1 - u) / _RIM
            total += np.log(np.clip(away + _LEAST, _LEAST, 1.0))
    return np.asarray(_STRENGTH / known * total)
