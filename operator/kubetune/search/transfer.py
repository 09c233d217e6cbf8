"""What a related task teaches: where its points are good, this task's may be as well.

Each related task gets a surrogate of its own. How far it is believed is decided by this task's own
values: by how well it puts them in order, against how well this task's surrogate puts each of them
in order without having seen it. The mean of the believed ones is a trend; this task's surrogate is
fitted to what is left. So a task that is alike saves the exploration, a task that is not is found
out after a few values and has no say any more, and the scales of the tasks may differ.

Symbols: n points of this task; y (n,) their targets; m (n,) a related task's mean at them; w weight
of a related task, 0 … 1; c slope of the trend.

Source: Feurer et al. 2018, "Scalable meta-learning for Bayesian optimization using ranking-weighted
Gaussian process ensembles", sections 4.1 (weights by ranking loss over bootstraps) and 4.2 (tasks
that are worse are left out). Deviation: the ensemble is the trend of a residual process (Golovin et
al. 2017, "Google Vizier", section 3.3), which takes in pending points like any other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kubetune.search.features import Floats
from kubetune.search.kernel import FeatureMap
from kubetune.search.process import Process
from kubetune.search.surrogate import Surrogate, fit_surrogate

# With fewer values no order can be told from chance: the related tasks share all the belief.
_ENOUGH = 3
_BOOTSTRAPS = 64
_SLOPE_RIDGE = 0.1  # of the variance of a mean: keeps the slope small where the trend is flat


@dataclass(frozen=True, slots=True)
class Trend:
    """A weighted mean of the related tasks' surrogates.

    Attributes:
        tasks: Their surrogates.
        weights: c w of each.
    """

    tasks: tuple[Surrogate, ...]
    weights: tuple[float, ...]

    def __call__(self, z: Floats) -> Floats:
        """Return the trend at z, (m, d)."""
        trend = np.zeros(len(z))
        for task, weight in zip(self.tasks, self.weights, strict=True):
            if weight:
                trend += weight * task.predict(z).mean[:, 0]
        return trend


def learn_trend(
    feature_map: FeatureMap,
    related: Sequence[tuple[Floats, Floats]],
    z: Floats,
    y: Floats,
    rng: np.random.Generator,
) -> Callable[[Floats], Floats] | None:
    """Return the trend for the points z with targets y; None where nothing is believed.

    Args:
        feature_map: The feature map of the search space.
        related: Coordinates, (…, d), and targets, (…,), of each related task's points.
        z: Coordinates of this task's points, (n, d).
        y: Their targets, (n,).
        rng: Source of the bootstraps.
    """
    tasks = tuple(fit_surrogate(feature_map, *task, rng, processes=1) for task in related)
    if not tasks:
        return None
    means = np.stack([task.predict(z).mean[:, 0] for task in tasks])
    weights = np.full(len(tasks), 1 / len(tasks))
    if len(y) >= _ENOUGH:
        own = fit_surrogate(feature_map, z, y, rng, processes=1).processes[0]
        weights = _ranking_weights(np.concatenate([means, [left_out(own)]]), y, rng)[:-1]
    mixed = weights @ means
    spread = float(mixed.var())
    slope = 1.0
    if len(y) >= _ENOUGH and spread > 0:
        covariance = float(((mixed - mixed.mean()) * (y - y.mean())).mean())
        slope = min(max(covariance / (spread * (1 + _SLOPE_RIDGE)), 0.0), 2.0)
    if not slope * weights.sum():
        return None
    return Trend(tasks, tuple(float(slope * weight) for weight in weights))


def left_out(process: Process) -> Floats:
    """Return the mean at each point as if that point had not been known, (n,).

    The process has no pending points.

    Source: Rasmussen and Williams 2006, equation 5.12.
    """
    factor = process.regressor.L_
    inverse = np.linalg.solve(factor, np.eye(len(factor)))
    precision = (inverse * inverse).sum(axis=0)
    return np.asarray(process.y - process.regressor.alpha_ / precision)


def _ranking_weights(predicted: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Return how often each row of `predicted`, (t, n), orders a bootstrap of y best, (t,).

    The last row is this task's own. A row whose loss is mostly above its own worst is left out.
    """
    differs = y[:, None] > y[None, :]
    wrong = np.stack([differs & (row[:, None] <= row[None, :]) for row in predicted])
    drawn = rng.integers(len(y), size=(_BOOTSTRAPS, len(y)))
    losses = np.stack([wrong[:, rows][:, :, rows].sum(axis=(1, 2)) for rows in drawn])
    bad = np.median(losses, axis=0) > np.quantile(losses[:, -1], 0.95)
    bad[-1] = False
    losses = np.where(bad, np.inf, losses)
    best = losses == losses.min(axis=1, keepdims=True)
    return np.asarray((best / best.sum(axis=1, keepdims=True)).mean(axis=0))
