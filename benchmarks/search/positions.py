"""Parameters with a step, for peers that have none: counted from 0 and put back."""

from collections.abc import Callable, Sequence

from benchmarks.search.problem import Point, integer
from kubetune.api.parameters import ParameterSpec, ParameterType
from kubetune.core.space import build_space


def count_steps(
    parameters: Sequence[ParameterSpec],
) -> tuple[list[ParameterSpec], Callable[[Point], Point]]:
    """Return the parameters with every stepped one as an Integer from 0, and the way back."""
    space = build_space(parameters)
    axes = dict(zip(space.names, space.axes, strict=True))
    stepped = {p.name for p in parameters if p.step is not None}
    counted = [
        integer(p.name, 0, (axes[p.name].size or 1) - 1) if p.name in stepped else p
        for p in parameters
    ]
    whole = {p.name for p in counted if p.type is ParameterType.INTEGER}

    def restore(point: Point) -> Point:
        plain = {name: round(float(v)) if name in whole else v for name, v in point.items()}
        return {n: axes[n].value(int(v)) if n in stepped else v for n, v in plain.items()}

    return counted, restore
