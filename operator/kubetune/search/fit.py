"""The hyperparameters that explain the targets: draws from their posterior, begun at its mode.

The mode is found by gradient; from there the draws are a walk (see `slice_sampling`).

Symbols, beside those of `kernel`:
    y (n,)      targets
    K (n, n)    covariance with the noise;  L its lower Cholesky factor
    u (n,)      K^-1 y;  W (n, n) u u' - K^-1
    P           pairs of points, the first being the later one; what is symmetric is held for them
    r (P,), e (d, P)  root(5) times the distance, and root(5 d) times that in each parameter
    theta (k,)  (log l, log v, log s, log t, log a, log b);  g (k,) its gradient

Sources: Rasmussen and Williams 2006, "Gaussian processes for machine learning", equations 2.30
(marginal likelihood), 5.9 (its gradient) and 4.17 (Matern 5/2); Hvarfner et al. 2024, "Vanilla
Bayesian optimization performs great in high dimensions", section 4 (the prior on the length scales
grows with the root of d).
"""

import math
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.optimize import minimize

from kubetune.errors import SurrogateError
from kubetune.search.features import Floats
from kubetune.search.kernel import FeatureMap, Hyperparameters
from kubetune.search.slice_sampling import Posterior

# Priors are normal in the logarithm: (median, standard deviation of the logarithm).
_LENGTH = (0.6, 0.6)  # times the root of d
_CATEGORY = (0.6, 1.0)  # the same of a Categorical: one may not count at all and the next for most
# The full part keeps the variance of all targets: what is far from every point stays unknown until
# values say that parameters act apart.
_FULL = (1.0, 1.0)
_MAIN = (0.4, 1.0)
_NOISE = (1e-2, 2.0)
_WARP = (1.0, 0.25)
_REACH = 4.0  # standard deviations of the prior that the fit may go
_ITERATIONS = 60
JITTER = 1e-8  # of the signal variance, on the diagonal
_NOT_POSITIVE = 1e10
# The walk: steps before the first draw and between draws.
_BURN_IN, _STRIDE = 20, 8


@dataclass(frozen=True, slots=True)
class Sample:
    """What is fitted to.

    Attributes:
        map: The feature map.
        z: Coordinates of the points, (n, d).
        y: Targets, (n,).
        extra: Known extra noise variances, (n,).
        later: The first points of the pairs, (P,).
        earlier: Their second points, (P,).
        differs: Whether the values of the Categoricals differ, (d - p, P) of 0 and 1.
        x: Numeric coordinates, (p, n).
    """

    map: FeatureMap
    z: Floats
    y: Floats
    extra: Floats
    later: NDArray[np.intp] = field(init=False)
    earlier: NDArray[np.intp] = field(init=False)
    differs: Floats = field(init=False)
    x: Floats = field(init=False)

    def __post_init__(self) -> None:
        """Work out what does not depend on theta."""
        later, earlier = np.tril_indices(len(self.y), -1)
        codes = self.z[:, list(self.map.categorical)].T
        known = {
            "later": later,
            "earlier": earlier,
            "differs": (codes[:, later] != codes[:, earlier]).astype(np.float64),
            "x": np.ascontiguousarray(self.map.numbers(self.z).T),
        }
        for name, value in known.items():
            object.__setattr__(self, name, value)

    def pairs(self, values: Floats) -> Floats:
        """Return the differences of values of the points, (…, n), for each pair, (…, P)."""
        return np.asarray(values[..., self.later] - values[..., self.earlier])


class Covariance(NamedTuple):
    """K by its parts, and what its gradient is made of."""

    matrix: Floats  # (n, n), above the diagonal 0
    full: Floats  # (P,)
    main: Floats  # (P,)
    r: Floats
    full_decay: Floats  # v exp(-r)
    e: Floats
    main_decay: Floats  # s / d exp(-e)
    difference: Floats  # (p, P) of w


def unpack(theta: Floats, numeric: int) -> Hyperparameters:
    """Return the hyperparameters of theta; `numeric` is p."""
    values = np.exp(theta)
    d = len(theta) - 3 - 2 * numeric
    v, s, t = (float(value) for value in values[d : d + 3])
    return Hyperparameters(values[:d], v, s, t, *np.split(values[d + 3 :], 2))


def prior(feature_map: FeatureMap) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of theta before any data, (k,) each."""
    d, p = feature_map.parameters, len(feature_map.numeric)
    lengths = [_CATEGORY if j in feature_map.categorical else _LENGTH for j in range(d)]
    rows = [*lengths, _FULL, _MAIN, _NOISE, *[_WARP] * (2 * p)]
    medians, sds = np.array(rows).T
    medians[:d] *= math.sqrt(d)
    return np.log(medians), sds


def draw_hyperparameters(
    sample: Sample, count: int, rng: np.random.Generator
) -> list[Hyperparameters]:
    """Return `count` draws from the posterior; a single one is its mode.

    Raises:
        SurrogateError: no finite hyperparameters explain the targets.

    Determinism: a function of its arguments and the state of `rng`.
    """
    theta = _mode(sample)
    numeric = len(sample.map.numeric)
    if count == 1:
        return [unpack(theta, numeric)]
    posterior = Posterior(partial(log_likelihood, sample=sample), *prior(sample.map))
    drawn = posterior.draws(theta, count, rng, burn_in=_BURN_IN, stride=_STRIDE)
    return [unpack(each, numeric) for each in drawn]


def _mode(sample: Sample) -> Floats:
    """Return the theta of the highest density that was found."""
    mean, sd = prior(sample.map)
    shorter = mean.copy()
    shorter[: sample.map.parameters] -= 1.0
    found = [
        minimize(
            negative_log_posterior,
            start,
            args=(sample,),
            jac=True,
            method="L-BFGS-B",
            bounds=np.stack([mean - _REACH * sd, mean + _REACH * sd], axis=1),
            options={"maxiter": _ITERATIONS},
        )
        for start in (mean, shorter)
    ]
    finite = [one for one in found if np.isfinite(one.fun) and one.fun < _NOT_POSITIVE]
    if not finite:
        raise SurrogateError(f"no hyperparameters fit the {len(sample.y)} values of the objective")
    return np.asarray(min(finite, key=lambda one: float(one.fun)).x, dtype=np.float64)


def covariance(h: Hyperparameters, sample: Sample) -> Covariance:
    """Return K, with r_j as differences of w or, of a Categorical, 1 / l."""
    feature_map, n = sample.map, len(sample.y)
    numeric, categorical = list(feature_map.numeric), list(feature_map.categorical)
    rest = 1 - sample.x ** h.a[:, None]
    difference = sample.pairs((1 - rest ** h.b[:, None]) / h.l[numeric, None])
    e = np.empty((feature_map.parameters, len(sample.later)))
    e[numeric] = np.abs(difference)
    e[categorical] = sample.differs / h.l[categorical, None]
    r = np.sqrt(5 * (e * e).sum(axis=0))
    e *= math.sqrt(5 * feature_map.parameters)
    full_decay = h.v * np.exp(-r)
    main_decay = h.s / feature_map.parameters * np.exp(-e)
    full = (1 + r + r * r / 3.0) * full_decay
    main = ((1 + e + e * e / 3.0) * main_decay).sum(axis=0)
    matrix = np.zeros((n, n))
    matrix[sample.later, sample.earlier] = full + main
    matrix.flat[:: n + 1] = h.signal * (1 + JITTER) + h.t + sample.extra
    return Covariance(matrix, full, main, r, full_decay, e, main_decay, difference)


def log_likelihood(theta: Floats, sample: Sample) -> float:
    """Return the log marginal likelihood of theta, up to a constant (equation 2.30).

    A covariance that is not positive definite has a likelihood of next to nothing.
    """
    k = covariance(unpack(theta, len(sample.map.numeric)), sample)
    cholesky, failed = lapack.dpotrf(k.matrix, lower=1, clean=1)
    if failed:
        return -_NOT_POSITIVE
    half = lapack.dtrtrs(cholesky, sample.y, lower=1)[0]
    return -0.5 * float(half @ half) - float(np.log(np.diag(cholesky)).sum())


def negative_log_posterior(theta: Floats, sample: Sample) -> tuple[float, Floats]:
    """Return minus the log posterior density of theta, up to a constant, and its gradient, (k,).

    A covariance that is not positive definite has a density of next to nothing.
    """
    feature_map, y = sample.map, sample.y
    d, p = feature_map.parameters, len(feature_map.numeric)
    h = unpack(theta, p)
    k = covariance(h, sample)
    cholesky, failed = lapack.dpotrf(k.matrix, lower=1, clean=1)
    if failed:
        return _NOT_POSITIVE, np.zeros_like(theta)
    u = lapack.dpotrs(cholesky, y, lower=1)[0]
    inverse = lapack.dpotri(cholesky, lower=1)[0]
    likelihood = -0.5 * float(y @ u) - float(np.log(np.diag(cholesky)).sum())

    # Equation 5.9: dL/dtheta = 1/2 tr(W dK/dtheta), which is the sum over the pairs and half the
    # trace. The derivative of M(r) by r^2 is -5/6 (1 + root(5) r) exp(-root(5) r).
    trace = 0.5 * float(u @ u - np.diag(inverse).sum())
    weights = u[sample.later] * u[sample.earlier] - inverse[sample.later, sample.earlier]
    slopes = d * (1 + k.e)
    slopes *= k.main_decay
    slopes += (1 + k.r) * k.full_decay
    slopes *= -5.0 / 6.0 * weights
    g = np.zeros_like(theta)
    g[:d] = -2.0 / (5 * d) * np.einsum("jp,jp,jp->j", slopes, k.e, k.e)
    g[d] = float(weights @ k.full) + h.v * trace
    g[d + 1] = float(weights @ k.main) + h.s * trace
    g[d + 2] = h.t * trace
    # Each warping moves the differences: of r_j^2 by twice the difference times its change.
    numeric = list(feature_map.numeric)
    pull = 2 * slopes[numeric] * k.difference
    rest = 1 - sample.x ** h.a[:, None]
    scale = h.b[:, None] * rest ** h.b[:, None] / h.l[numeric, None]
    by_a = scale / rest * (1 - rest) * np.log(sample.x) * h.a[:, None]
    g[d + 3 : d + 3 + p] = (pull * sample.pairs(by_a)).sum(axis=1)
    g[d + 3 + p :] = -(pull * sample.pairs(scale * np.log(rest))).sum(axis=1)

    mean, sd = prior(feature_map)
    offset = (theta - mean) / sd
    return -likelihood + 0.5 * float(offset @ offset), -g + offset / sd
