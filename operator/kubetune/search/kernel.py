"""The feature map of the surrogate's kernel: coordinates warped, scaled and spread over columns.

The covariance of two points is v M(|w - w'|) with the Matern 5/2 function M. All that is particular
to our search spaces is in w: the distance of two points is the root of the sum over the parameters
of (difference / length scale)^2, where the difference of two values of a Categorical is 1 and that
of two numbers is taken after a warping which lets the objective change faster near one end.

Symbols:
    n            points;  d parameters, of which the first p columns of x are the numeric ones
    D            columns: one for each numeric parameter, c for a Categorical of c values
    z (n, d)     coordinates (see `features`)
    x, w (n, D)  columns; columns warped and scaled
    l (d,)       length scales;  v signal variance;  t noise variance, of targets of variance 1
    a, b (p,)    exponents of the warping 1 - (1 - x^a)^b

Sources: Snoek et al. 2014, "Input warping for Bayesian optimization of non-stationary functions",
with the distribution of Kumaraswamy in place of the beta distribution, which has no closed form.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kubetune.search.features import Features, Floats

# The warping has no finite derivative at 0 and 1.
_MARGIN = 1e-6


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """What is fitted; the symbols are those of the module."""

    l: Floats  # noqa: E741  as in the table of symbols
    v: float
    t: float
    a: Floats
    b: Floats


@dataclass(frozen=True, slots=True)
class FeatureMap:
    """From coordinates to columns.

    Attributes:
        numeric: Numbers of the numeric parameters, (p,).
        categorical: Number and number of values of each Categorical.
        owner: The parameter that each column belongs to, (D,).
        parameters: d.
    """

    numeric: tuple[int, ...]
    categorical: tuple[tuple[int, int], ...]
    owner: NDArray[np.intp]
    parameters: int

    def columns(self, z: Floats) -> Floats:
        """Return x of z. Of a Categorical's columns one is the root of 1/2, the others are 0."""
        parts = [np.clip(z[:, self.numeric], _MARGIN, 1 - _MARGIN)]
        parts.extend((z[:, [j]] == np.arange(c)) * math.sqrt(0.5) for j, c in self.categorical)
        return np.concatenate(parts, axis=1)

    def scaled(self, x: Floats, h: Hyperparameters) -> Floats:
        """Return w of x."""
        w = x / h.l[self.owner]
        p = len(self.numeric)
        w[:, :p] = (1 - (1 - x[:, :p] ** h.a) ** h.b) / h.l[self.owner[:p]]
        return np.asarray(w)


def build_feature_map(features: Features) -> FeatureMap:
    """Return the feature map of a search space."""
    numbered = list(enumerate(features.columns))
    numeric = tuple(j for j, column in numbered if not column.categorical)
    categorical = tuple((j, column.choices) for j, column in numbered if column.categorical)
    owner = [*numeric, *(j for j, c in categorical for _ in range(c))]
    return FeatureMap(numeric, categorical, np.array(owner, dtype=np.intp), len(numbered))


def squared_distances(w: Floats) -> Floats:
    """Return |w_i - w_j|^2, (n, n), exactly symmetric with a diagonal of 0."""
    sizes = (w * w).sum(axis=1)
    q = sizes[:, None] + sizes[None, :] - 2.0 * (w @ w.T)
    q = np.maximum((q + q.T) / 2, 0.0)
    np.fill_diagonal(q, 0.0)
    return np.asarray(q)
