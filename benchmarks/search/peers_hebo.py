"""HEBO, winner of the black-box optimisation challenge of 2020, with its defaults."""

import warnings
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import numpy as np
import torch
from hebo.design_space.design_space import DesignSpace
from hebo.optimizers.hebo import HEBO

from benchmarks.search.positions import count_steps
from benchmarks.search.problem import Point
from benchmarks.search.protocol import Task
from kubetune.api.parameters import ParameterSpec, ParameterType, Scale
from kubetune.core.scale import resolve_scale


class HeboSolver:
    """Asked for one point at a time; it has no notion of points in flight."""

    def __init__(self, task: Task) -> None:
        warnings.simplefilter("ignore")
        torch.set_num_threads(1)
        torch.manual_seed(task.seed)
        np.random.seed(task.seed)  # noqa: NPY002 - the generator that HEBO draws from
        parameters, self._restore = count_steps(task.problem.parameters)
        space = DesignSpace().parse([_describe(parameter) for parameter in parameters])
        self._optimizer = HEBO(space, scramble_seed=task.seed)
        self._rows: dict[int, Any] = {}

    def ask(self, index: int) -> Point:
        """Return HEBO's suggestion."""
        with redirect_stdout(StringIO()):  # it prints the jitter of each Cholesky decomposition
            row = self._optimizer.suggest(n_suggestions=1)
        self._rows[index] = row
        values = row.iloc[0].to_dict()
        plain = {name: v.item() if hasattr(v, "item") else v for name, v in values.items()}
        return self._restore(plain)

    def tell(self, index: int, point: Point, value: float) -> None:
        """Hand the value over."""
        self._optimizer.observe(self._rows.pop(index), np.array([[value]]))


def _describe(parameter: ParameterSpec) -> dict[str, Any]:
    if parameter.type is ParameterType.CATEGORICAL:
        return {"name": parameter.name, "type": "cat", "categories": parameter.values}
    low, high = parameter.min or 0.0, parameter.max or 0.0
    described: dict[str, Any] = {"name": parameter.name, "lb": low, "ub": high}
    log = resolve_scale(parameter) is Scale.LOG
    if parameter.type is ParameterType.INTEGER:
        return {**described, "type": "pow_int" if log else "int"}
    return {**described, "type": "pow" if log else "num"}
