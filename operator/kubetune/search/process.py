"""A Gaussian process on scikit-learn with the covariance of `kernel` and given hyperparameters.

Pending points are taken in as if they had ended with the value that is expected of them. That
changes no mean, but where a point is pending little is left to learn. What the standard deviation
would be without them is told as well: the ratio says how much of what is to be learnt somewhere a
pending point is going to tell anyway.

Symbols, beside those of `kernel`:
    n, m, k   points with a target, points asked about, pending points
    y (n + k,)  targets;  L (n + k, n + k)  lower Cholesky factor of the covariance
    mean, std, alone (m,)  of the objective without its noise; alone is std without pending points

Sources: Rasmussen and Williams 2006, algorithm 2.1; Desautels et al. 2014, "Parallelizing
exploration-exploitation tradeoffs in Gaussian process bandit optimization", section 3.2 (pending
points taken in at their mean).
"""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, solve_triangular
from sklearn import config_context
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Kernel, StationaryKernelMixin

from kubetune.errors import SurrogateError
from kubetune.search.features import Floats
from kubetune.search.fit import JITTER
from kubetune.search.kernel import FeatureMap, Hyperparameters

_LEAST_VARIANCE = 1e-10  # of the signal variance: what rounding may leave where nothing is unknown


class SumOfParts(StationaryKernelMixin, Kernel):  # type: ignore[misc]  # untyped library
    """The covariance of `kernel` as scikit-learn calls it, over rows of w."""

    def __init__(self, feature_map: FeatureMap, given: Hyperparameters) -> None:
        self.feature_map = feature_map
        self.given = given

    def __call__(self, X: Floats, Y: Floats | None = None, eval_gradient: Any = False) -> Floats:  # noqa: FBT002, N803, ARG002  scikit-learn's signature
        """Return the covariance of all rows of X and Y, or of X alone."""
        return self.feature_map.covariance(X, X if Y is None else Y, self.given)

    def diag(self, X: Floats) -> Floats:  # noqa: N803  scikit-learn's signature
        """Return the variances of rows of X."""
        return np.full(len(X), self.given.signal)


class Prediction(NamedTuple):
    """What is believed of m points; the symbols are those of the module."""

    mean: Floats
    std: Floats
    alone: Floats


@dataclass(frozen=True, slots=True)
class Process:
    """A Gaussian process conditioned on points.

    Attributes:
        map: The feature map.
        hyperparameters: Its hyperparameters.
        regressor: scikit-learn's process, conditioned on all points, the pending ones included.
        z: Coordinates of all points, (n + k, d).
        y: Their targets, (n + k,); of the pending ones what is expected of them.
        extra: Known extra noise variances of the points, (n + k,).
        known: n.
    """

    map: FeatureMap
    hyperparameters: Hyperparameters
    regressor: GaussianProcessRegressor
    z: Floats
    y: Floats
    extra: Floats
    known: int

    def predict(self, z: Floats) -> Prediction:
        """Return what is believed of the points z, (m, d)."""
        h = self.hyperparameters
        cross = self.map.covariance(self.regressor.X_train_, self.map.scaled(z, h), h)
        half = solve_triangular(self.regressor.L_, cross, lower=True, check_finite=False)
        # The first n rows of L and of L^-1 k are those of the process without pending points.
        learnt = half * half
        floor = _LEAST_VARIANCE * h.signal
        before = np.maximum(h.signal - learnt[: self.known].sum(axis=0), floor)
        after = np.maximum(before - learnt[self.known :].sum(axis=0), floor)
        return Prediction(cross.T @ self.regressor.alpha_, np.sqrt(after), np.sqrt(before))

    def at_data(self) -> Floats:
        """Return the mean at the points with a target, (n,)."""
        noise = self.hyperparameters.t + JITTER * self.hyperparameters.signal + self.extra
        # K u = y, and the mean is (K - noise) u.
        return np.asarray(self.y - noise * self.regressor.alpha_)[: self.known]

    def with_pending(self, z: Floats) -> "Process":
        """Return the process with further pending points z, (k, d).

        Raises:
            SurrogateError: the covariance of the points is not positive definite.
        """
        return condition(
            replace(
                self,
                z=np.concatenate([self.z, z]),
                y=np.concatenate([self.y, self.predict(z).mean]),
                extra=np.concatenate([self.extra, np.zeros(len(z))]),
            )
        )


def make_process(
    feature_map: FeatureMap, hyperparameters: Hyperparameters, z: Floats, y: Floats, extra: Floats
) -> Process:
    """Return the process of points z, (n, d), with targets y, (n,), and extra noise, (n,).

    Raises:
        SurrogateError: the covariance of the points is not positive definite.
    """
    blank = GaussianProcessRegressor()
    return condition(Process(feature_map, hyperparameters, blank, z, y, extra, len(y)))


def condition(process: Process) -> Process:
    """Return the process conditioned on its points and targets, with its hyperparameters.

    Raises:
        SurrogateError: the covariance of the points is not positive definite.
    """
    h = process.hyperparameters
    regressor = GaussianProcessRegressor(
        SumOfParts(process.map, h),
        alpha=h.t + JITTER * h.signal + process.extra,
        optimizer=None,
    )
    w = process.map.scaled(process.z, h)
    try:
        # What is fitted is ours and finite: looking for mistakes in it takes longer than the fit.
        with config_context(assume_finite=True, skip_parameter_validation=True):
            regressor.fit(w, process.y)
    except (LinAlgError, ValueError) as error:
        raise SurrogateError(
            f"the covariance of {len(w)} points cannot be factored: {error}"
        ) from error
    return replace(process, regressor=regressor)
