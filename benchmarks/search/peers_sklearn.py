"""The baseline that anyone writes in an afternoon: scikit-learn's Gaussian process and EI.

Ten random points, then the best expected improvement among 2,000 random points. Parameters are
scaled to [0, 1] by their own scale, categories are one-hot. Points in flight are not known to it.
"""

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from benchmarks.search.problem import Point
from benchmarks.search.protocol import Task
from kubetune.api.parameters import ParameterType
from kubetune.core.space import build_space

Array = NDArray[np.float64]

_INITIAL = 10
_CANDIDATES = 2000


class PlainSolver:
    """Matérn 5/2 with a length scale per column, noise, and standardised values."""

    def __init__(self, task: Task) -> None:
        self._parameters = task.problem.parameters
        self._space = build_space(self._parameters)
        self._rng = np.random.default_rng(task.seed)
        self._seed = task.seed
        self._rows: list[Array] = []
        self._values: list[float] = []

    def ask(self, index: int) -> Point:
        """Return the candidate with the largest expected improvement."""
        if len(self._values) < _INITIAL:
            return self._draw()
        x, y = np.array(self._rows), np.array(self._values)
        width = x.shape[1]
        kernel = ConstantKernel() * Matern(np.full(width, 0.5), (0.01, 100), nu=2.5)
        model = GaussianProcessRegressor(
            kernel + WhiteKernel(1e-2, (1e-6, 1)),
            normalize_y=True,
            n_restarts_optimizer=1,
            random_state=self._seed + index,
        )
        candidates = [self._draw() for _ in range(_CANDIDATES)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(x, y)
        mean, std = model.predict(np.array([self._row(c) for c in candidates]), return_std=True)
        gain = y.min() - mean
        z = gain / std
        improvement = gain * norm.cdf(z) + std * norm.pdf(z)
        return candidates[int(np.argmax(improvement))]

    def tell(self, index: int, point: Point, value: float) -> None:
        """Keep the value for the next fit."""
        self._rows.append(self._row(point))
        self._values.append(value)

    def _draw(self) -> Point:
        return self._space.decode(self._rng.random(len(self._space.axes)).tolist())

    def _row(self, point: Point) -> Array:
        columns: list[float] = []
        for parameter, axis in zip(self._parameters, self._space.axes, strict=True):
            value = point[parameter.name]
            if parameter.type is ParameterType.CATEGORICAL:
                columns.extend(float(value == choice) for choice in parameter.values or [])
            else:
                columns.append(axis.encode(value))
        return np.array(columns)
