"""A table of learning curves as an objective: any point is answered by the nearest of the design.

Time is in units of the mean full training, so that problems can be compared.

Symbols: n points, d parameters, E epochs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.curves import crossing
from benchmarks.curves.models import EPOCHS, MODELS
from kubetune.api.parameters import ParameterSpec, ParameterType, ParameterValue
from kubetune.core.space import SearchSpace, build_space

DATA: Final = Path(__file__).parent / "data"

STEPS: Final = (1, 3, 9, 27, 81)
"""The epochs that are reported: the rungs. More reports would change no decision of a rule that
judges at rungs, and cost a decision each."""


@dataclass(frozen=True, slots=True)
class CurveTable:
    """The curves of one model.

    Attributes:
        name: Name of the model.
        parameters: Its search space.
        space: The same, built.
        design: (n, d), the points in the unit cube; categories at the middle of their share.
        values: (n, E), the objective after each epoch, minimised.
        pace: (n,), time of one epoch in mean full trainings.
    """

    name: str
    parameters: tuple[ParameterSpec, ...]
    space: SearchSpace
    design: NDArray[np.float64]
    values: NDArray[np.float64]
    pace: NDArray[np.float64]

    @property
    def best(self) -> float:
        """The least value after a full training."""
        return float(self.values[:, -1].min())

    def row(self, point: Mapping[str, ParameterValue]) -> int:
        """Return the nearest point of the design; another category is as far as a whole range."""
        apart = np.abs(self.design - np.array(self.space.encode(point)))
        for column, parameter in enumerate(self.parameters):
            if parameter.type is ParameterType.CATEGORICAL:
                apart[:, column] = apart[:, column] > 1e-9  # noqa: PLR2004 - rounding
        return int(np.argmin((apart**2).sum(axis=1)))

    def reports(self, row: int, *, after: int = 0, to: int = EPOCHS) -> Iterator[tuple[int, float]]:
        """Yield (step, value) at the steps that are reported, after < step <= to."""
        for step in STEPS:
            if after < step <= to:
                yield step, float(self.values[row, step - 1])


@cache
def table(name: str) -> CurveTable:
    """Return the table of that name, read once per process.

    Raises:
        KeyError: there is no such model.
    """
    if name in crossing.FAMILIES:
        return _crossing(name)
    model = {model.name: model for model in MODELS}[name]
    space = build_space(model.parameters)
    with np.load(DATA / f"{name}.npz") as kept:
        design, values, seconds = (
            kept[key].astype(float) for key in ("design", "values", "seconds")
        )
    for row in design:
        row[:] = space.encode(space.decode(row.tolist()))
    return CurveTable(
        name=name,
        parameters=model.parameters,
        space=space,
        design=design,
        values=values,
        pace=seconds / seconds.mean() / EPOCHS,
    )


def _crossing(name: str) -> CurveTable:
    points = crossing.design()
    return CurveTable(
        name=name,
        parameters=crossing.PARAMETERS,
        space=build_space(crossing.PARAMETERS),
        design=points,
        values=crossing.losses(name),
        pace=np.full(len(points), 1 / EPOCHS),
    )
