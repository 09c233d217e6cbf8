"""Synthetic problems with known optima: smooth, mixed, noisy, warped, flat.

Symbols: x a point in the function's own coordinates, (d,). Sources: Branin, Hartmann, Levy, Ackley
and Styblinski-Tang as collected by Surjanovic and Bingham, "Virtual Library of Simulation
Experiments" (2013). Optima are moved away from the middle of the space, where a space-filling start
would meet them by chance.
"""

import math

import numpy as np
from numpy.typing import NDArray

from benchmarks.search.problem import Point, Problem, categorical, floating, integer

Array = NDArray[np.float64]

_ALPHA = np.array([1.0, 1.2, 3.0, 3.2])
_A3 = np.array([[3.0, 10, 30], [0.1, 10, 35], [3.0, 10, 30], [0.1, 10, 35]])
_P3 = 1e-4 * np.array(
    [[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]]
)
_A6 = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
_P6 = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)
_HARTMANN3_BEST = -3.862779787
_HARTMANN6_BEST = -3.322368011
_BRANIN_BEST = 0.397887358
_STYBLINSKI_BEST = -39.166165704  # per dimension, at -2.903534


def _floats(point: Point) -> Array:
    """Return the numbers of a point without categories, in the order of the search space."""
    return np.array([float(value) for value in point.values()])


def branin() -> Problem:
    """Two floats, three optima, no noise."""

    def truth(point: Point) -> float:
        a, b = float(point["x0"]), float(point["x1"])
        bowl = b - 5.1 * a * a / (4 * math.pi**2) + 5 * a / math.pi - 6
        return bowl**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(a) + 10

    return Problem(
        name="branin",
        parameters=(floating("x0", -5, 10), floating("x1", 0, 15)),
        truth=truth,
        evaluate=lambda point, _: truth(point),
        best=_BRANIN_BEST,
    )


def _hartmann(x: Array, a: Array, p: Array) -> float:
    return -float(_ALPHA @ np.exp(-np.sum(a * (x - p) ** 2, axis=1)))


def hartmann6(noise: float = 0.0) -> Problem:
    """Six floats, six local optima.

    Args:
        noise: Standard deviation of what an evaluation adds; the function spans about 3.3.
    """

    def truth(point: Point) -> float:
        return _hartmann(_floats(point), _A6, _P6)

    return Problem(
        name="hartmann6-noisy" if noise else "hartmann6",
        parameters=tuple(floating(f"x{i}", 0, 1) for i in range(6)),
        truth=truth,
        evaluate=lambda point, rng: truth(point) + noise * float(rng.standard_normal()),
        best=_HARTMANN6_BEST,
    )


def hartmann6_plateau() -> Problem:
    """Hartmann-6 that is constant in most of its space: only values below -0.5 differ."""

    def truth(point: Point) -> float:
        return min(_hartmann(_floats(point), _A6, _P6), -0.5)

    return Problem(
        name="hartmann6-plateau",
        parameters=tuple(floating(f"x{i}", 0, 1) for i in range(6)),
        truth=truth,
        evaluate=lambda point, _: truth(point),
        best=_HARTMANN6_BEST,
    )


def hartmann3_heteroscedastic() -> Problem:
    """Hartmann-3 whose noise depends on the place: its standard deviation grows with x0."""

    def truth(point: Point) -> float:
        return _hartmann(_floats(point), _A3, _P3)

    def evaluate(point: Point, rng: np.random.Generator) -> float:
        deviation = 0.02 + 0.5 * float(point["x0"])
        return truth(point) + deviation * float(rng.standard_normal())

    return Problem(
        name="hartmann3-heteroscedastic",
        parameters=tuple(floating(f"x{i}", 0, 1) for i in range(3)),
        truth=truth,
        evaluate=evaluate,
        best=_HARTMANN3_BEST,
    )


# Where a category stands on its axis: not in the order of the names, so it cannot be guessed.
_LEVY_PLACES = {"red": -7.0, "green": 4.0, "blue": 1.0, "white": -2.0, "black": 8.0}


def levy_mixed() -> Problem:
    """Levy in six dimensions: three floats, two integers, a category of five."""

    def truth(point: Point) -> float:
        x = [float(point[f"x{i}"]) for i in range(5)]
        # The floats' optimum is at -3, 2 and 5, the integers' at -4 and 6, the category's is blue.
        moved = [v - s for v, s in zip(x, (-4, 1, 4, -5, 5), strict=True)]
        return _levy(np.array([*moved, _LEVY_PLACES[str(point["colour"])]]))

    return Problem(
        name="levy-mixed",
        parameters=(
            *(floating(f"x{i}", -10, 10) for i in range(3)),
            *(integer(f"x{i}", -10, 10) for i in range(3, 5)),
            categorical("colour", list(_LEVY_PLACES)),
        ),
        truth=truth,
        evaluate=lambda point, _: truth(point),
        best=0.0,
    )


def _levy(x: Array) -> float:
    """Return Levy's function, least (0) at 1, …, 1."""
    w = 1 + (x - 1) / 4
    first = math.sin(math.pi * w[0]) ** 2
    last = (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)
    middle = np.sum((w[:-1] - 1) ** 2 * (1 + 10 * np.sin(math.pi * w[:-1] + 1) ** 2))
    return float(first + middle + last)


_ACKLEY_PLACES = {
    "adam": 5.0,
    "sgd": -3.0,
    "rmsprop": 0.0,
    "adagrad": 8.0,
}
_ACKLEY_KERNELS = {"linear": -6.0, "rbf": 3.0, "poly": 0.0}


def ackley_mixed() -> Problem:
    """Ackley in seven dimensions: three floats, two integers, two categories; some noise."""

    def truth(point: Point) -> float:
        x = [float(point[f"x{i}"]) for i in range(5)]
        moved = [v - s for v, s in zip(x, (5.3, -3.9, 1.2, 3, -4), strict=True)]
        kinds = [_ACKLEY_PLACES[str(point["kind"])], _ACKLEY_KERNELS[str(point["kernel"])]]
        return _ackley(np.array([*moved, *kinds]))

    return Problem(
        name="ackley-mixed",
        parameters=(
            *(floating(f"x{i}", -10, 10) for i in range(3)),
            *(integer(f"x{i}", -10, 10) for i in range(3, 5)),
            categorical("kind", list(_ACKLEY_PLACES)),
            categorical("kernel", list(_ACKLEY_KERNELS)),
        ),
        truth=truth,
        evaluate=lambda point, rng: truth(point) + 0.2 * float(rng.standard_normal()),
        best=0.0,
    )


def _ackley(x: Array) -> float:
    """Return Ackley's function, least (0) at 0, …, 0."""
    near = -20 * math.exp(-0.2 * math.sqrt(float(np.mean(x * x))))
    return near - math.exp(float(np.mean(np.cos(2 * math.pi * x)))) + 20 + math.e


def styblinski_warped() -> Problem:
    """Styblinski-Tang in four dimensions, seen through logarithms and a bent scale.

    x0 and x1 are declared Log over six and four decades and act by their logarithm; x2 and x3 are
    declared Linear but act by their fourth power and fourth root, which squeezes the structure
    towards an edge that no declaration tells of.
    """

    def truth(point: Point) -> float:
        u = (
            (math.log10(float(point["x0"])) + 6) / 6,
            (math.log10(float(point["x1"])) + 3) / 4,
            float(point["x2"]) ** 4,
            float(point["x3"]) ** 0.25,
        )
        x = np.array(u) * 10 - 5
        return float(np.sum(x**4 - 16 * x**2 + 5 * x)) / 2

    return Problem(
        name="styblinski-warped",
        parameters=(
            floating("x0", 1e-6, 1, scale="Log"),
            floating("x1", 1e-3, 10, scale="Log"),
            floating("x2", 0, 1),
            floating("x3", 0, 1),
        ),
        truth=truth,
        evaluate=lambda point, _: truth(point),
        best=4 * _STYBLINSKI_BEST,
    )
