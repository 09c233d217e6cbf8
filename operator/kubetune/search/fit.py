"""The hyperparameters that explain the targets: draws from their posterior, begun at its mode.

The mode is found by gradient; the draws are a walk by slice sampling along random directions.

Symbols, beside those of `kernel`:
    y (n,)      targets;  e (n,) known extra noise variance of each
    K (n, n)    v M(r) + diag(t + e);  L its lower Cholesky factor
    u (n,)      K^-1 y;  W (n, n) u u' - K^-1
    theta (k,)  (log l, log v, log t, log a, log b);  g (k,) its gradient

Sources: Rasmussen and Williams 2006, "Gaussian processes for machine learning", equations 2.30
(marginal likelihood), 5.9 (its gradient) and 4.17 (Matern 5/2); Hvarfner et al. 2024, "Vanilla
Bayesian optimization performs great in high dimensions", section 4 (the prior on the length scales
grows with the root of d); Neal 2003, "Slice sampling", sections 4 and 5.1.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import lapack
from scipy.optimize import minimize

from kubetune.errors import SurrogateError
from kubetune.search.features import Floats
from kubetune.search.kernel import FeatureMap, Hyperparameters, squared_distances

# Priors are normal in the logarithm: (median, standard deviation of the logarithm).
_LENGTH = (0.6, 0.6)  # times the root of d
_CATEGORY = (0.6, 1.0)  # the same of a Categorical: one may not count at all and the next for most
_SIGNAL = (1.0, 1.0)
_NOISE = (1e-2, 2.0)
_WARP = (1.0, 0.25)
_REACH = 4.0  # standard deviations of the prior that the fit may go
_ITERATIONS = 60
JITTER = 1e-8  # of the signal variance, on the diagonal
_NOT_POSITIVE = 1e10
# The walk: steps before the first draw and between draws, the first width of a slice, and how
# often it is narrowed before the step is given up.
_BURN_IN, _STRIDE = 20, 3
_WIDTH = 1.0
_NARROWED = 20


@dataclass(frozen=True, slots=True)
class Sample:
    """What is fitted to.

    Attributes:
        map: The feature map.
        x: Columns of the points, (n, D).
        y: Targets, (n,).
        extra: Known extra noise variances, (n,).
    """

    map: FeatureMap
    x: Floats
    y: Floats
    extra: Floats


def unpack(theta: Floats, numeric: int) -> Hyperparameters:
    """Return the hyperparameters of theta; `numeric` is p."""
    values = np.exp(theta)
    d = len(theta) - 2 - 2 * numeric
    a, b = values[d + 2 : d + 2 + numeric], values[d + 2 + numeric :]
    return Hyperparameters(values[:d], float(values[d]), float(values[d + 1]), a, b)


def prior(feature_map: FeatureMap) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of theta before any data, (k,) each."""
    d, p = feature_map.parameters, len(feature_map.numeric)
    categorical = {j for j, _ in feature_map.categorical}
    lengths = [_CATEGORY if j in categorical else _LENGTH for j in range(d)]
    rows = [*lengths, _SIGNAL, _NOISE, *[_WARP] * (2 * p)]
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
    density = -negative_log_posterior(theta, sample)[0]
    widths = _WIDTH * np.minimum(prior(sample.map)[1], 0.5)
    draws = []
    for step in range(_BURN_IN + count * _STRIDE):
        theta, density = _slice_step(sample, theta, density, widths, rng)
        if step >= _BURN_IN and (step - _BURN_IN) % _STRIDE == _STRIDE - 1:
            draws.append(unpack(theta, numeric))
    return draws


def _slice_step(
    sample: Sample, theta: Floats, density: float, widths: Floats, rng: np.random.Generator
) -> tuple[Floats, float]:
    """Return the next theta of the walk and its log density.

    Neal 2003: a level below the density is drawn, then points on a line through theta until one is
    above the level; each that is not narrows the interval towards theta.
    """
    direction = rng.standard_normal(len(theta)) * widths
    level = density - rng.exponential()
    low = -2.0 * rng.random()
    high = low + 2.0
    for _ in range(_NARROWED):
        place = low + rng.random() * (high - low)
        tried = theta + place * direction
        reached = log_posterior(tried, sample)
        if reached >= level:
            return tried, reached
        low, high = (place, high) if place < 0 else (low, place)
    return theta, density


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


def log_posterior(theta: Floats, sample: Sample) -> float:
    """Return the log posterior density of theta, up to the constant of its gradient's function."""
    n = len(sample.y)
    h = unpack(theta, len(sample.map.numeric))
    r = np.sqrt(5.0 * squared_distances(sample.map.scaled(sample.x, h)))
    covariance = (1 + r + r * r / 3.0) * (h.v * np.exp(-r))
    covariance.flat[:: n + 1] += h.t + JITTER * h.v + sample.extra
    cholesky, failed = lapack.dpotrf(covariance, lower=1, clean=1)
    if failed:
        return -_NOT_POSITIVE
    half = lapack.dtrtrs(cholesky, sample.y, lower=1)[0]
    mean, sd = prior(sample.map)
    offset = (theta - mean) / sd
    likelihood = -0.5 * float(half @ half) - float(np.log(np.diag(cholesky)).sum())
    return likelihood - 0.5 * float(offset @ offset)


def negative_log_posterior(theta: Floats, sample: Sample) -> tuple[float, Floats]:
    """Return minus the log posterior density of theta, up to a constant, and its gradient, (k,).

    A covariance that is not positive definite has a density of next to nothing.
    """
    feature_map, y = sample.map, sample.y
    n, d, p = len(y), feature_map.parameters, len(feature_map.numeric)
    h = unpack(theta, p)
    w = feature_map.scaled(sample.x, h)
    r = np.sqrt(5.0 * squared_distances(w))
    decay = h.v * np.exp(-r)
    signal = (1 + r + r * r / 3.0) * decay
    covariance = signal.copy()
    covariance.flat[:: n + 1] += h.t + JITTER * h.v + sample.extra
    cholesky, failed = lapack.dpotrf(covariance, lower=1, clean=1)
    if failed:
        return _NOT_POSITIVE, np.zeros_like(theta)
    u = lapack.dpotrs(cholesky, y, lower=1)[0]
    half = np.tril(lapack.dpotri(cholesky, lower=1)[0], -1)
    inverse = half + half.T
    inverse.flat[:: n + 1] = np.diag(lapack.dpotri(cholesky, lower=1)[0])
    likelihood = -0.5 * float(y @ u) - float(np.log(np.diag(cholesky)).sum())

    # Equation 5.9: dL/dtheta = 1/2 tr(W dK/dtheta). dK/d|w - w'|^2 = -5/6 v (1 + r) exp(-r).
    weights = np.outer(u, u) - inverse
    slopes = weights * (-5.0 / 6.0 * (1 + r) * decay)
    # (row sums) w - slopes w = sum_j slopes_ij (w_i - w_j), for each column.
    pull = slopes.sum(axis=1)[:, None] * w - slopes @ w
    g = np.zeros_like(theta)
    g[:d] = -2.0 * np.bincount(feature_map.owner, weights=(pull * w).sum(axis=0), minlength=d)
    g[d] = 0.5 * float((weights * signal).sum())
    g[d + 1] = 0.5 * h.t * float(np.trace(weights))
    x = sample.x[:, :p]
    rest = 1 - x**h.a
    scale = h.b * rest**h.b / h.l[feature_map.owner[:p]]
    g[d + 2 : d + 2 + p] = 2 * (pull[:, :p] * scale / rest * (1 - rest) * np.log(x) * h.a).sum(
        axis=0
    )
    g[d + 2 + p :] = -2 * (pull[:, :p] * scale * np.log(rest)).sum(axis=0)

    mean, sd = prior(feature_map)
    offset = (theta - mean) / sd
    return -likelihood + 0.5 * float(offset @ offset), -g + offset / sd
