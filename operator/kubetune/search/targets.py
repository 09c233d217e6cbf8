"""Scores made Gaussian, because the surrogate believes that they are.

Strictly between numpy's functions and never trusting the size of a number: scores of 1e-300 and of
1e300, and both at once, give targets of mean 0 and standard deviation 1 in the order of the scores.

1. Scores are divided by the largest size, so that no square of them overflows.
2. The bad tail is drawn in: nothing is gained by modelling how bad a diverged training was. Scores
   further below the lower quartile than `_FENCE` interquartile ranges are taken to be there.
3. The power transform of Yeo and Johnson with the likeliest exponent makes them symmetric.

Where all that leaves no spread (one good score and many that are equal, or sizes that floats cannot
tell apart), the normal quantiles of the ranks take its place.

Symbols: n number of scores; s (n,) scores; y (n,) targets; q the exponent lambda.

Source: Yeo and Johnson 2000, "A new family of power transformations to improve normality or
symmetry", equations 2.1 and 3.1.
"""

import math
import sys
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from kubetune.search.features import Floats

_FENCE = 3.0
_EXPONENTS = np.linspace(-1.0, 3.0, 41)
_TINY = 1e-9  # exponents below are 0: the logarithm is the limit
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Targets:
    """Targets and how to read them as scores again.

    Attributes:
        y: The targets, (n,), in the order of the scores.
        scores: The scores, ascending and distinct, (k,).
        knots: The targets of these, ascending, (k,).
    """

    y: Floats
    scores: Floats
    knots: Floats

    def to_scores(self, y: Floats) -> Floats:
        """Return the scores of targets: linear between the known ones, and beyond them; finite."""
        scale = float(np.abs(self.scores).max())
        if len(self.knots) == 1 or not scale:
            return np.full_like(y, self.scores[0])
        units = self.scores / scale  # no difference of two of them overflows
        inside = np.interp(y, self.knots, units)
        below = units[0] + (y - self.knots[0]) * _slope(self.knots[:2], units[:2])
        above = units[-1] + (y - self.knots[-1]) * _slope(self.knots[-2:], units[-2:])
        found = np.where(y < self.knots[0], below, np.where(y > self.knots[-1], above, inside))
        most = sys.float_info.max / max(scale, 1.0)
        return np.asarray(np.clip(found, -most, most) * scale)


def _slope(y: Floats, scores: Floats) -> float:
    """Return how fast the score rises between two targets; 0 where they are the same."""
    run = float(y[1] - y[0])
    return float(scores[1] - scores[0]) / run if run else 0.0


def make_targets(scores: Floats) -> Targets:
    """Return the targets of scores, (n,) finite, n >= 1; all 0 where all scores are equal."""
    distinct, places = np.unique(scores, return_inverse=True)
    if len(distinct) == 1:
        return Targets(np.zeros(len(scores)), distinct, np.zeros(1))
    y = _gaussian(scores)
    knots = np.zeros(len(distinct))
    knots[places] = y
    return Targets(y, distinct, knots)


def _gaussian(scores: Floats) -> Floats:
    s = scores / np.abs(scores).max()
    low, high = np.quantile(s, [0.25, 0.75])
    if high > low:
        s = np.maximum(s, low - _FENCE * (high - low))
    centred = _standard(s)
    if centred is None:
        return _rank_quantiles(scores)
    powered = _standard(_yeo_johnson(centred, _likeliest(centred)))
    return _rank_quantiles(scores) if powered is None else powered


def _standard(s: Floats) -> Floats | None:
    """Return s with mean 0 and standard deviation 1; None if it has no spread."""
    sd = float(s.std())
    if not sd > 1e-12 * float(np.abs(s).max()):
        return None
    return np.asarray((s - s.mean()) / sd)


def _yeo_johnson(s: Floats, q: float) -> Floats:
    """Return the power transform of s with exponent q (equation 2.1)."""
    size = np.log1p(np.abs(s))
    power = np.where(s >= 0, q, 2.0 - q)
    small = np.abs(power) < _TINY
    divisor = np.where(small, 1.0, power)
    return np.asarray(np.sign(s) * np.where(small, size, np.expm1(power * size) / divisor))


def _likeliest(s: Floats) -> float:
    """Return the exponent of the largest likelihood (equation 3.1), drawn towards 1.

    The pull, a normal prior of mean 1 and standard deviation 1, is what decides with few scores.
    """
    jacobian = float((np.sign(s) * np.log1p(np.abs(s))).sum())
    best, best_likelihood = 1.0, -math.inf
    for q in _EXPONENTS:
        variance = float(_yeo_johnson(s, float(q)).var())
        if not 0 < variance < math.inf:
            continue
        likelihood = -len(s) / 2 * math.log(variance) + (q - 1) * jacobian - (q - 1) ** 2 / 2
        if likelihood > best_likelihood:
            best, best_likelihood = float(q), likelihood
    return best


def _rank_quantiles(scores: Floats) -> Floats:
    """Return normal quantiles of the mid-ranks, with mean 0 and standard deviation 1."""
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    middles = (np.cumsum(counts) - counts / 2) / len(scores)
    y = np.array([_NORMAL.inv_cdf(float(middle)) for middle in middles])[places]
    return np.asarray((y - y.mean()) / y.std())
