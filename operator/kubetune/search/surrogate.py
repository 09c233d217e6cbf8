"""The surrogate: a Gaussian process on scikit-learn over the columns of `kernel`.

It is fitted once to the targets. Pending points are then taken in as if they had ended: their
targets are drawn jointly from the surrogate itself, several times, and whatever is asked of the
surrogate afterwards is answered once for each of these futures. Where a point is pending nothing
more is to be learnt, and all futures agree on that, so further points go elsewhere.

Symbols, beside those of `kernel`:
    n, m, k   points with a target, points asked about, pending points;  f futures
    y (n, f)  targets in each future;  L (n, n) Cholesky factor of the covariance of the n points
    mean (m, f), std (m,)  of the objective without its noise; std is the same in all futures

Sources: Rasmussen and Williams 2006, algorithm 2.1; Snoek et al. 2012, "Practical Bayesian
optimization of machine learning algorithms", section 3.2 (pending points).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import LinAlgError, solve_triangular
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern

from kubetune.errors import SurrogateError
from kubetune.search.features import Floats
from kubetune.search.fit import JITTER, Sample, fit
from kubetune.search.kernel import FeatureMap, Hyperparameters

FUTURES = 8
_LEAST_VARIANCE = 1e-10  # of the signal variance: what rounding may leave where nothing is unknown


@dataclass(frozen=True, slots=True)
class Surrogate:
    """A fitted Gaussian process.

    Attributes:
        map: The feature map.
        hyperparameters: The fitted ones.
        regressor: scikit-learn's process, conditioned on all points, the pending ones included.
        z: Coordinates of all points, (n, d), pending ones last.
        y: Their targets in each future, (n, f); f is 1 while nothing is pending.
        extra: Known extra noise variances of the points, (n,).
    """

    map: FeatureMap
    hyperparameters: Hyperparameters
    regressor: GaussianProcessRegressor
    z: Floats
    y: Floats
    extra: Floats

    def predict(self, z: Floats) -> tuple[Floats, Floats]:
        """Return the mean, (m, f), and the standard deviation, (m,), of the objective at z, (m, d).

        The noise of observations is not part of it.
        """
        cross, half = self._cross(z)
        floor = _LEAST_VARIANCE * self.hyperparameters.v
        variance = np.maximum(self.hyperparameters.v - (half * half).sum(axis=0), floor)
        return cross.T @ self.regressor.alpha_.reshape(self.y.shape), np.sqrt(variance)

    def at_data(self) -> Floats:
        """Return the mean at the points that it is conditioned on, (n, f)."""
        noise = self.hyperparameters.t + JITTER * self.hyperparameters.v + self.extra
        # K u = y, and the mean is (K - noise) u.
        return np.asarray(self.y - noise[:, None] * self.regressor.alpha_.reshape(self.y.shape))

    def with_pending(self, z: Floats, rng: np.random.Generator) -> "Surrogate":
        """Return the surrogate with further pending points, (k, d), their targets drawn from it.

        The draws come in pairs that mirror each other, so that their mean is the surrogate's.
        """
        futures = max(self.y.shape[1], FUTURES)
        cross, half = self._cross(z)
        mean = cross.T @ self.regressor.alpha_.reshape(self.y.shape)
        covariance = self.regressor.kernel_(self._w(z)) - half.T @ half
        covariance.flat[:: len(z) + 1] += self.hyperparameters.t
        # Eigenvalues, because duplicates among the points make it singular up to rounding.
        values, vectors = np.linalg.eigh(covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        draws = rng.standard_normal((len(z), futures // 2))
        y = mean + root @ np.concatenate([draws, -draws], axis=1)
        known = np.broadcast_to(self.y, (len(self.y), futures))
        return condition(
            replace(
                self,
                z=np.concatenate([self.z, z]),
                y=np.concatenate([known, y]),
                extra=np.concatenate([self.extra, np.zeros(len(z))]),
            )
        )

    def _w(self, z: Floats) -> Floats:
        return self.map.scaled(self.map.columns(z), self.hyperparameters)

    def _cross(self, z: Floats) -> tuple[Floats, Floats]:
        """Return the covariance k of the data with z, (n, m), and L^-1 k."""
        cross = self.regressor.kernel_(self.regressor.X_train_, self._w(z))
        half = solve_triangular(self.regressor.L_, cross, lower=True, check_finite=False)
        return cross, half


def condition(surrogate: Surrogate) -> Surrogate:
    """Return the surrogate conditioned on its points and targets, with its hyperparameters.

    Raises:
        SurrogateError: the covariance of the points is not positive definite.
    """
    h = surrogate.hyperparameters
    regressor = GaussianProcessRegressor(
        ConstantKernel(h.v, "fixed")
        * Matern(length_scale=1.0, length_scale_bounds="fixed", nu=2.5),
        alpha=h.t + JITTER * h.v + surrogate.extra,
        optimizer=None,
    )
    w = surrogate.map.scaled(surrogate.map.columns(surrogate.z), h)
    try:
        regressor.fit(w, surrogate.y)
    except (LinAlgError, ValueError) as error:
        raise SurrogateError(
            f"the covariance of {len(w)} points cannot be factored: {error}"
        ) from error
    return replace(surrogate, regressor=regressor)


def fit_surrogate(
    feature_map: FeatureMap, z: Floats, y: Floats, *, extra: Floats | None = None
) -> Surrogate:
    """Return the surrogate of points z, (n, d), with targets y, (n,), n >= 1.

    Args:
        feature_map: The feature map of the search space.
        z: Coordinates of the points.
        y: Their targets, of mean 0 and standard deviation 1, or all 0.
        extra: Known extra noise variances, (n,); None for none.

    Raises:
        SurrogateError: nothing finite fits.

    Determinism: a function of its arguments.
    """
    known = np.zeros(len(y)) if extra is None else extra
    h = fit(Sample(feature_map, feature_map.columns(z), y, known))
    blank = GaussianProcessRegressor()
    return condition(Surrogate(feature_map, h, blank, z, y[:, None], known))
