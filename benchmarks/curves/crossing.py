"""Families of curves that cross, by formulas: what fools a rule that trusts early values.

Each is worse than the last in its own way. All are minimised, over four parameters in [0, 1], at
400 random points and EPOCHS epochs of the same length.

Symbols: u (n, 4) the points; e (1, E) the epochs, from 1; losses (n, E).
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.curves.models import EPOCHS
from benchmarks.search.problem import floating
from kubetune.core.seeding import uniforms

PARAMETERS: Final = tuple(floating(name, 0, 1) for name in "abcd")
_POINTS: Final = 400
_BEST: Final = (0.3, 0.7, 0.45, 0.6)

Array = NDArray[np.float64]
Losses = Callable[[Array, Array], Array]
"""(u, e) -> losses."""


def design() -> Array:
    """Return the points, (n, 4)."""
    return np.array([uniforms(0, i, "curves/crossing", len(_BEST)) for i in range(_POINTS)])


def losses(name: str) -> Array:
    """Return the curves of a family at the points of the design, (n, E), rounded to 4 digits."""
    epochs = np.arange(1.0, EPOCHS + 1)[None, :]
    curves: Array = FAMILIES[name](design(), epochs).round(4)
    return curves


def _away(u: Array) -> Array:
    """Return how far points are from the best one in their last parameters, (n, 1)."""
    best: Array = np.array(_BEST[-u.shape[1] :], dtype=np.float64)
    away: Array = ((u - best) ** 2).sum(axis=1, keepdims=True)
    return away


def _slow_winners(u: Array, e: Array) -> Array:
    """The nearer to the best point, the slower the start: at first the order is reversed."""
    away = _away(u)
    pace = 4 + 40 * np.exp(-4 * away)
    curves: Array = away + (1 + 0.5 * np.exp(-4 * away)) * np.exp(-e / pace)
    return curves


def _hasty_rates(u: Array, e: Array) -> Array:
    """As with a learning rate, `a`: a high one is fast and ends high, a low one is slow."""
    rate = 10 ** (2 * u[:, :1] - 2)  # 0.01 to 1
    return 0.4 * rate**0.5 + 0.5 * _away(u[:, 1:]) + np.exp(-0.6 * rate * e)


def _late_damage(u: Array, e: Array) -> Array:
    """What learns fast overfits in the last two thirds: only the last rung shows it."""
    greed = u[:, :1]
    early = (0.4 + 0.6 * (1 - greed)) * np.exp(-e / 15)
    return early + 0.3 * _away(u) + 0.8 * greed**2 * np.maximum(e - 27, 0) / (EPOCHS - 27)


FAMILIES: Final[Mapping[str, Losses]] = {
    "slow-winners": _slow_winners,
    "hasty-rates": _hasty_rates,
    "late-damage": _late_damage,
}
