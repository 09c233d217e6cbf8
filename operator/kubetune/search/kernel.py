"""The covariance of the surrogate: how much two points of the search space tell of each other.

It is the sum of two parts. In the full part all parameters act together, and a point tells of those
that are near it in every parameter. In the main part each acts on its own, so a value tells of
every point that has it. Training depends on few parameters at a time, and with fifty points that
cannot be learnt from nearness in ten parameters. How much each part explains is fitted.

    k = v M(r) + s / d sum_j M(root(d) r_j),  M(r) = (1 + e + e^2 / 3) exp(-e) with e = root(5) r

the Matern 5/2 function, where r_j is the distance in parameter j alone. The difference of two
values of a Categorical is 1, that of two numbers is taken after a warping which lets the objective
change faster near one end. The root of d is by what length scales are longer for many parameters
together (see `fit`), so that the two parts share them.

Symbols:
    n, m         points;  d parameters, p of them numeric
    z (n, d)     coordinates (see `features`)
    w (n, d)     the same, numbers warped and divided by their length scales
    l (d,)       length scales;  v, s variances of the full and the main part;  t noise variance,
                 of targets of variance 1
    a, b (p,)    exponents of the warping 1 - (1 - x^a)^b

Sources: Rasmussen and Williams 2006, "Gaussian processes for machine learning", equation 4.17;
Duvenaud et al. 2011, "Additive Gaussian processes", section 3 (here orders 1 and d, of all orders);
Snoek et al. 2014, "Input warping for Bayesian optimization of non-stationary functions", with the
distribution of Kumaraswamy in place of the beta distribution, which has no closed form.
"""

import math
from dataclasses import dataclass

import numpy as np

from kubetune.search.features import Features, Floats

# The warping has no finite derivative at 0 and 1.
_MARGIN = 1e-6


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """What is fitted; the symbols are those of the module."""

    l: Floats  # noqa: E741  as in the table of symbols
    v: float
    s: float
    t: float
    a: Floats
    b: Floats

    @property
    def signal(self) -> float:
        """The variance of the objective before any data."""
        return self.v + self.s


@dataclass(frozen=True, slots=True)
class FeatureMap:
    """What of the search space the covariance depends on.

    Attributes:
        numeric: Numbers of the numeric parameters, (p,).
        categorical: Numbers of the others.
    """

    numeric: tuple[int, ...]
    categorical: tuple[int, ...]

    @property
    def parameters(self) -> int:
        """Number of parameters, d."""
        return len(self.numeric) + len(self.categorical)

    def numbers(self, z: Floats) -> Floats:
        """Return the numeric coordinates, (n, p), inside of where the warping has a derivative."""
        return np.clip(z[:, self.numeric], _MARGIN, 1 - _MARGIN)

    def scaled(self, z: Floats, h: Hyperparameters) -> Floats:
        """Return w of z."""
        w = z.copy()
        w[:, self.numeric] = (1 - (1 - self.numbers(z) ** h.a) ** h.b) / h.l[list(self.numeric)]
        return w

    def covariance(self, w: Floats, other: Floats, h: Hyperparameters) -> Floats:
        """Return k of each of w, (n, d), and each of `other`, (m, d): (n, m)."""
        # Parameter by parameter in place: a suggestion asks this about thousands of points.
        width = math.sqrt(5 * self.parameters)
        square = np.zeros((len(w), len(other)))
        main = np.zeros_like(square)
        for j in self.numeric:
            e = np.subtract.outer(w[:, j], other[:, j])
            np.abs(e, out=e)
            square += e * e
            e *= width
            decay = np.exp(-e)
            polynomial = e * (1 / 3)
            polynomial += 1
            polynomial *= e
            polynomial += 1
            polynomial *= decay
            main += polynomial
        for j in self.categorical:
            differs = w[:, [j]] != other[:, j]
            square += differs * h.l[j] ** -2
            main += np.where(differs, matern(np.array(width / h.l[j])), 1.0)
        main *= h.s / self.parameters
        square *= 5
        r = np.sqrt(square, out=square)
        return np.asarray(h.v * matern(r) + main)


def matern(e: Floats) -> Floats:
    """Return M where e is root(5) times the distance."""
    return np.asarray((1 + e + e * e / 3.0) * np.exp(-e))


def build_feature_map(features: Features) -> FeatureMap:
    """Return the feature map of a search space."""
    numbered = list(enumerate(features.columns))
    return FeatureMap(
        numeric=tuple(j for j, column in numbered if not column.categorical),
        categorical=tuple(j for j, column in numbered if column.categorical),
    )
