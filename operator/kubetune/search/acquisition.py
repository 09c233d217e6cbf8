"""The acquisition functions: how much a point is wanted, two answers to that.

The logarithm of the expected improvement, and the upper confidence bound. The logarithm, because
far from anything promising an improvement itself is 0 in floating point, and a search among zeros
does not know where to go.

Points that are chosen by one function share its mistakes, whether in flight together or one after
the other, so the two take turns. A third one that stays near the best, the probability of an
improvement, was one too many: decisions/0016.

Symbols:
    n, p          points asked about, processes of the surrogate
    m (n, p), s (n, p)  mean and standard deviation of the objective, larger being better
    best (p,)     what is to be improved on;  u = (m - best) / s
    h(u)          phi(u) + u Phi(u), so that the expected improvement is s h(u)

Sources: Ament et al. 2023, "Unexpected improvements to expected improvement for Bayesian
optimization", section 4.1, equations 8 and 9 and the asymptote below them; Lyu et al. 2018, "Batch
Bayesian optimization via multi-objective acquisition ensemble for automated analog circuit design",
section 3 (several functions together). Deviation: they sample the Pareto front of three; here each
point is best by one of two, which needs no population.
"""

import math
from enum import Enum

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtr

from kubetune.search.features import Floats

_LOG_ROOT_2_PI = 0.5 * math.log(2 * math.pi)
_LOG_ROOT_HALF_PI = 0.5 * math.log(math.pi / 2)
# Below, the difference in h cancels; far below, h(u) is phi(u) / u^2 to double precision.
_CANCELS = -1.0
_FAR = -1e4
_WIDTH = 2.0  # of the upper confidence bound, in standard deviations


class Wish(Enum):
    """What makes a point wanted."""

    EXPECTED = "expected improvement"
    BOUND = "upper confidence bound"


TURNS = (Wish.EXPECTED, Wish.BOUND)


def wanted(wish: Wish, mean: Floats, std: Floats, best: Floats) -> Floats:
    """Return how much points are wanted, (n,): the larger, the more.

    Args:
        wish: By what.
        mean: m.
        std: s, positive.
        best: What is to be improved on, by process.
    """
    match wish:
        case Wish.EXPECTED:
            return log_mean_exp(log_expected_improvement(mean, std, best))
        case Wish.BOUND:
            # The variance of a mixture: of its parts, and between their means.
            return np.asarray(
                mean.mean(axis=1) + _WIDTH * np.sqrt((std**2).mean(axis=1) + mean.var(axis=1))
            )


def log_expected_improvement(mean: Floats, std: Floats, best: Floats) -> Floats:
    """Return log E max(f - best, 0) for f normal; the arguments broadcast, std > 0."""
    return np.asarray(log_h((mean - best) / std) + np.log(std))


def log_h(u: Floats) -> Floats:
    """Return log(phi(u) + u Phi(u)) without cancellation, finite for every finite |u| < 1e150."""
    near = np.maximum(u, _CANCELS)
    direct = np.log(np.exp(-0.5 * near * near - _LOG_ROOT_2_PI) + near * ndtr(near))
    mid = np.clip(u, _FAR, _CANCELS)
    # erfcx(-u / root 2) |u| root(pi / 2) is u Phi(u) / phi(u) without its sign: below 1.
    share = np.log(erfcx(-mid / math.sqrt(2)) * -mid) + _LOG_ROOT_HALF_PI
    between = -0.5 * mid * mid - _LOG_ROOT_2_PI + np.log(-np.expm1(share))
    far = np.minimum(u, _FAR)
    asymptote = -0.5 * far * far - _LOG_ROOT_2_PI - 2 * np.log(-far)
    return np.asarray(np.where(u > _CANCELS, direct, np.where(u > _FAR, between, asymptote)))


def log_mean_exp(values: Floats) -> Floats:
    """Return log of the mean of exp(values) over the last axis."""
    top = values.max(axis=-1, keepdims=True)
    return np.asarray(top[..., 0] + np.log(np.exp(values - top).mean(axis=-1)))


def log_probability_above(mean: Floats, std: Floats, bound: Floats) -> Floats:
    """Return log P(f > bound) for f normal; the arguments broadcast, std > 0."""
    return np.asarray(log_ndtr((mean - bound) / std))
