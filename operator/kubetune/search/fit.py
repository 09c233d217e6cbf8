"""Fitting the surrogate's hyperparameters: the mode of their posterior, found by gradient.

Symbols, beside those of `kernel`:
    y (n,)      targets;  e (n,) known extra noise variance of each
    K (n, n)    v M(r) + diag(t + e);  L its lower Cholesky factor
    u (n,)      K^-1 y;  W (n, n) u u' - K^-1
    theta (k,)  (log l, log v, log t, log a, log b);  g (k,) its gradient

Sources: Rasmussen and Williams 2006, "Gaussian processes for machine learning", equations 2.30
(marginal likelihood), 5.9 (its gradient) and 4.17 (Matern 5/2); Hvarfner et al. 2024, "Vanilla
Bayesian optimization performs great in high dimensions", section 4 (the prior on the length scales
grows with the root of d).
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
_LENGTH = (0.6, 1.0)  # times the root of d
_SIGNAL = (1.0, 1.0)
_NOISE = (1e-2, 2.0)
_WARP = (1.0, 0.4)
_REACH = 4.0  # standard deviations of the prior that the fit may go
_ITERATIONS = 60
_SECOND_START = 100  # up to here a second start is worth its time
JITTER = 1e-8  # of the signal variance, on the diagonal
_NOT_POSITIVE = 1e10


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
    length = (_LENGTH[0] * math.sqrt(d), _LENGTH[1])
    rows = [length] * d + [_SIGNAL, _NOISE] + [_WARP] * (2 * p)
    medians, sds = np.array(rows).T
    return np.log(medians), sds


def fit(sample: Sample) -> Hyperparameters:
    """Return the hyperparameters of the highest posterior density that was found.

    Raises:
        SurrogateError: no start led to finite hyperparameters.
    """
    mean, sd = prior(sample.map)
    starts = [mean]
    if len(sample.y) <= _SECOND_START:
        shorter = mean.copy()
        shorter[: sample.map.parameters] -= 1.0
        starts.append(shorter)
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
        for start in starts
    ]
    finite = [one for one in found if np.isfinite(one.fun) and one.fun < _NOT_POSITIVE]
    if not finite:
        raise SurrogateError(f"no hyperparameters fit the {len(sample.y)} values of the objective")
    best = min(finite, key=lambda one: float(one.fun))
    return unpack(np.asarray(best.x, dtype=np.float64), len(sample.map.numeric))


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
