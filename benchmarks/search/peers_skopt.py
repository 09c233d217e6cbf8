"""scikit-optimize's Gaussian process, which Katib runs as `bayesianoptimization`."""

import warnings
from collections.abc import Sequence
from typing import Any

import skopt
from skopt.space import Categorical, Integer, Real

from benchmarks.search.positions import count_steps
from benchmarks.search.problem import Point
from benchmarks.search.protocol import Task
from kubetune.api.parameters import ParameterSpec, ParameterType, Scale
from kubetune.core.scale import resolve_scale


class SkoptSolver:
    """`skopt.Optimizer` with its defaults.

    Points in flight are told a lie, the least value so far: the library's own default for points
    that are asked for together (constant liar, cl_min), here for those asked for one by one.
    """

    def __init__(self, task: Task) -> None:
        warnings.simplefilter("ignore")  # it warns of every point that it repeats
        parameters, self._restore = count_steps(task.problem.parameters)
        self._names = [parameter.name for parameter in parameters]
        self._optimizer = skopt.Optimizer(
            [_dimension(parameter) for parameter in parameters],
            base_estimator="GP",
            random_state=task.seed,
        )
        self._pending: dict[int, list[Any]] = {}
        self._least: float | None = None

    def ask(self, index: int) -> Point:
        """Return the next point, knowing those in flight."""
        optimizer = self._optimizer
        if self._pending and self._least is not None:
            optimizer = optimizer.copy()
            lies = [self._least] * len(self._pending)
            optimizer.tell(list(self._pending.values()), lies)
            x = optimizer.ask()
        else:
            x = optimizer.ask(len(self._pending) + 1)[-1]
        self._pending[index] = x
        plain = [value.item() if hasattr(value, "item") else value for value in x]
        return self._restore(dict(zip(self._names, plain, strict=True)))

    def teach(self, points: Sequence[Point], values: Sequence[float]) -> None:
        """Take evaluations at once; a space with steps cannot be taught."""
        rows = [[point[name] for name in self._names] for point in points]
        self._optimizer.tell(rows, list(values))
        self._least = min(values)

    def tell(self, index: int, point: Point, value: float) -> None:
        """Fit anew."""
        self._optimizer.tell(self._pending.pop(index), value)
        self._least = value if self._least is None else min(value, self._least)


def _dimension(parameter: ParameterSpec) -> Any:
    if parameter.type is ParameterType.CATEGORICAL:
        return Categorical(parameter.values)
    prior = "log-uniform" if resolve_scale(parameter) is Scale.LOG else "uniform"
    low, high = parameter.min or 0.0, parameter.max or 0.0
    if parameter.type is ParameterType.INTEGER:
        return Integer(int(low), int(high), prior=prior)
    return Real(low, high, prior=prior)
