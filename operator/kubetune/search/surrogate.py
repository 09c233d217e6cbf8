"""The surrogate: what is believed of the objective, averaged over Gaussian processes that fit.

With few values many hyperparameters explain them, and the likeliest ones alone are far too sure of
themselves: a surrogate that takes a parameter for irrelevant never tries it again. So there are
several processes (see `process`), each with hyperparameters drawn from their posterior.

Symbols: n, m, k points with a target, points asked about, pending points; p processes.

Source: Snoek et al. 2012, "Practical Bayesian optimization of machine learning algorithms", section
3.1 (the acquisition function averaged over the posterior of the hyperparameters).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from kubetune.search.features import Floats
from kubetune.search.fit import Sample, draw_hyperparameters
from kubetune.search.kernel import FeatureMap
from kubetune.search.process import Prediction, Process, make_process

# With many values the hyperparameters are known, and fewer processes say the same.
_PROCESSES, _FEWER, _MANY = 8, 4, 100
# Points from which hyperparameters are learnt, at most. All points are predicted from.
_MOST_FITTED = 64


@dataclass(frozen=True, slots=True)
class Surrogate:
    """Gaussian processes of the same points and different hyperparameters.

    Attributes:
        processes: The processes, at least one.
        trend: What is added to all of them; None for 0 everywhere.
    """

    processes: tuple[Process, ...]
    trend: Callable[[Floats], Floats] | None = None

    @property
    def z(self) -> Floats:
        """Coordinates of all points, (n + k, d), pending ones last."""
        return self.processes[0].z

    @property
    def lengths(self) -> Floats:
        """Median length scales of the parameters, (d,)."""
        return np.asarray(np.median([each.hyperparameters.l for each in self.processes], axis=0))

    def predict(self, z: Floats) -> Prediction:
        """Return what each process believes of the objective at z, (m, d): (m, p) each.

        The noise of observations is not part of it.
        """
        each = [process.predict(z) for process in self.processes]
        mean, std, alone = (np.stack(parts, axis=1) for parts in zip(*each, strict=True))
        return Prediction(mean + self._trend(z), std, alone)

    def at_data(self) -> Floats:
        """Return the means at the points with a target, (n, p)."""
        means = np.stack([process.at_data() for process in self.processes], axis=1)
        return means + self._trend(self.z[: len(means)])

    def noise(self) -> Floats:
        """Return the standard deviation of the noise in each process."""
        return np.sqrt([process.hyperparameters.t for process in self.processes])

    def with_pending(self, z: Floats) -> "Surrogate":
        """Return the surrogate with further pending points, (k, d)."""
        return replace(self, processes=tuple(each.with_pending(z) for each in self.processes))

    def _trend(self, z: Floats) -> Floats:
        return np.zeros((len(z), 1)) if self.trend is None else self.trend(z)[:, None]


def fit_surrogate(
    feature_map: FeatureMap,
    z: Floats,
    y: Floats,
    rng: np.random.Generator,
    *,
    extra: Floats | None = None,
    processes: int | None = None,
) -> Surrogate:
    """Return the surrogate of points z, (n, d), with targets y, (n,), n >= 1.

    Args:
        feature_map: The feature map of the search space.
        z: Coordinates of the points.
        y: Their targets, of mean 0 and standard deviation 1, or all 0.
        rng: Source of the draws.
        extra: Known extra noise variances, (n,); None for none.
        processes: Number of processes; None for as many as the points call for.

    Raises:
        SurrogateError: nothing finite fits.

    Determinism: a function of its arguments and the state of `rng`.
    """
    known = np.zeros(len(y)) if extra is None else extra
    some = _telling(y)
    sample = Sample(feature_map, z[some], y[some], known[some])
    if processes is None:
        processes = _PROCESSES if len(y) <= _MANY else _FEWER
    drawn = draw_hyperparameters(sample, processes, rng)
    return Surrogate(tuple(make_process(feature_map, h, z, y, known) for h in drawn))


def _telling(y: Floats) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return which points the hyperparameters are learnt from: half the best, half of all ranks."""
    if len(y) <= _MOST_FITTED:
        return np.arange(len(y))
    order = np.argsort(-y, kind="stable")
    best = _MOST_FITTED // 2
    rest = np.linspace(best, len(y) - 1, _MOST_FITTED - best).astype(np.intp)
    return np.sort(np.concatenate([order[:best], order[rest]]))
