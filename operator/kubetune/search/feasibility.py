"""Where trials fail: a surrogate of its own for whether a point gives a score at all.

A failure is no number, so it never reaches the surrogate of the objective. It is learnt here by a
Gaussian process of the same kind with length scales of its own, whose mean is 1 (sound) where
nothing is known, from labels of 1 for points that gave a score and -1 for those that failed. A
point is sound with the probability that the process, noise included, is above 0.

Symbols: n points that ended; m points asked about; p (m,) probability that a point is sound.

Source: Rasmussen and Williams 2006, section 6.5 (least-squares classification).
"""

from dataclasses import dataclass

import numpy as np

from kubetune.search.acquisition import log_probability_above
from kubetune.search.features import Floats
from kubetune.search.kernel import FeatureMap
from kubetune.search.surrogate import Surrogate, fit_surrogate

# Variance of a label beside a signal of 1: a failure among sound neighbours may be chance.
_NOISE = 0.05
_SOUND, _FAILED = 0.0, -2.0  # labels less the mean
# A failed trial costs its time and may cost the job (limits.maxFailedTrials), so the probability
# weighs more than the improvement that it is multiplied with. With 3, acquisition functions that
# exploit went behind the border of a failing region; nothing else was compared.
_CAUTION = 8.0


@dataclass(frozen=True, slots=True)
class Feasibility:
    """How likely points are sound.

    Attributes:
        labels: The surrogate of the labels less their mean; None where nothing failed.
    """

    labels: Surrogate | None

    def log_weight(self, z: Floats) -> Floats:
        """Return the logarithm of p to the power of `_CAUTION` of points z, (m, d)."""
        if self.labels is None:
            return np.zeros(len(z))
        mean, std, _ = self.labels.predict(z)
        noise = np.sqrt(std**2 + self.labels.noise() ** 2 + _NOISE)
        return _CAUTION * log_probability_above(1 + mean, noise, np.zeros(1))[:, 0]


def learn_feasibility(
    feature_map: FeatureMap, rng: np.random.Generator, *, sound: Floats, failed: Floats
) -> Feasibility:
    """Return what points with a score, (…, d), and points that failed, (…, d), say."""
    if not len(failed):
        return Feasibility(None)
    z = np.concatenate([sound, failed])
    labels = np.concatenate([np.full(len(sound), _SOUND), np.full(len(failed), _FAILED)])
    extra = np.full(len(z), _NOISE)
    return Feasibility(fit_surrogate(feature_map, z, labels, rng, extra=extra, processes=1))
