"""Synthetic learning curves over two parameters, `x` and `y` in [0, 1].

The quality of a point, its value after infinite training, is highest at (0.3, 0.7), where it is 1.
Curves rise towards it. The families differ in how well early values foretell late ones.
"""

import math
from collections.abc import Callable, Mapping

from kubetune.api.parameters import ParameterValue
from kubetune.core.seeding import uniforms
from kubetune.simulator.training import Curve

PARAMETERS = [
    {"name": "x", "type": "Float", "min": 0, "max": 1, "scale": "Linear"},
    {"name": "y", "type": "Float", "min": 0, "max": 1, "scale": "Linear"},
]

Pace = Callable[[float, float], float]
"""(quality, y) -> the number of steps in which a trial makes 63 % of its way."""


def quality(parameters: Mapping[str, ParameterValue]) -> float:
    """Return the value of a point after infinite training, at most 1."""
    x, y = float(parameters["x"]), float(parameters["y"])
    return 1 - (x - 0.3) ** 2 - 2 * (y - 0.7) ** 2


def make_curve(seed: int, *, noise: float, pace: Pace) -> Curve:
    """Return curves with normal noise of that standard deviation on every report."""

    def curve(index: int, parameters: Mapping[str, ParameterValue], step: int) -> float:
        best = quality(parameters)
        rise = 1 - math.exp(-step / pace(best, float(parameters["y"])))
        return best * rise + noise * _normal(seed, index, step)

    return curve


def _normal(seed: int, index: int, step: int) -> float:
    """Return a standard normal number (Box and Muller)."""
    radius, angle = uniforms(seed, index, f"noise/{step}", 2)
    return math.sqrt(-2 * math.log(1 - radius)) * math.cos(2 * math.pi * angle)


def _even(quality: float, y: float) -> float:
    del quality, y
    return 6


def _slow_in_y(quality: float, y: float) -> float:
    del quality
    return 2 + 10 * y


def _slow_winners(quality: float, y: float) -> float:
    del y
    return 3 + 6 * max(quality, 0)


FAMILIES: Mapping[str, Callable[[int], Curve]] = {
    "steady": lambda seed: make_curve(seed, noise=0.0, pace=_even),
    "noisy": lambda seed: make_curve(seed, noise=0.05, pace=_even),
    "crossing": lambda seed: make_curve(seed, noise=0.01, pace=_slow_in_y),
    "slow-winners": lambda seed: make_curve(seed, noise=0.01, pace=_slow_winners),
}
"""Families of curves by name: a seed gives one of the family.

steady: the order never changes. noisy: reports lie by 0.05. crossing: a parameter slows the start
down by up to six times. slow-winners: the better the point, the slower its start.
"""
