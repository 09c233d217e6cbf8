"""Whether what can still be gained is worth a search: the regret bound against its threshold.

Symbols:
    t            points with a score;  d parameters;  N points of a finite space
    beta         square of the width of the confidence bounds, in standard deviations
    delta        the probability that the bounds fail
    r            the regret bound of `search.bounds`
    eps          the threshold: what r has to come down to

Source: Makarova et al. 2022, "Automatic termination for hyperparameter optimization" (AutoML-Conf),
with delta = 0.1 and beta = 2 log(N t^2 pi^2 / (6 delta)) / 5, which is theorem 1 of Srinivas et
al. 2010, "Gaussian process optimization in the bandit setting", scaled down as in their
experiments. That theorem is about finite spaces; in infinite ones d takes the place of N, as in
Optuna's implementation.

Deviations. The paper stops when r is below the standard deviation of a cross-validated estimate,
because smaller differences cannot be told from chance. We see one value per trial, so eps is the
standard deviation of a single value as the surrogate finds it, or, where values hardly have noise,
a share of the spread of the first scores, before the search gathered where they are good: what is
smaller than that is not worth a search. And r is that of a rougher objective than the fitted ones;
decisions/0011 says what happens otherwise. Smaller length scales contain more functions: Berkenkamp
et al. 2019, "No-regret Bayesian optimization with unknown hyperparameters".
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kubetune.core.space import SearchSpace
from kubetune.search import bounds
from kubetune.search.evidence import Evidence, Parameters

DELTA = 0.1
ROUGHNESS = 1.1
SHARE = 0.05
"""eps at least, in standard deviations of the first scores."""
_SCALE_DOWN = 5
_QUARTILES_APART = 1.349  # of a normal distribution, in standard deviations


@dataclass(frozen=True, slots=True, kw_only=True)
class RegretBound:
    """What is known of how much better it can get.

    Attributes:
        regret: r as a score; not negative.
        threshold: eps as a score.
        holds: True if r is no more than eps.
    """

    regret: float
    threshold: float
    holds: bool


def regret_bound(
    space: SearchSpace, scored: Sequence[tuple[Parameters, float]], *, first: int, seed: int
) -> RegretBound:
    """Return the bound that follows from points with their scores, at least one.

    Args:
        space: The search space.
        scored: Points of it with their scores, by the time that they came.
        first: How many of them say what the spread of scores is.
        seed: Seed of the run.

    Raises:
        SurrogateError: nothing can be fitted to the scores.

    Determinism: a function of its arguments.
    """
    t = len(scored)
    width = math.sqrt(beta(t, size=space.size, parameters=len(space.names)))
    found = bounds.regret_bound(
        space, Evidence(scored=scored), width=width, seed=seed, index=t, roughness=ROUGHNESS
    )
    regret = _finite(found.gain)
    threshold = max(_finite(found.noise), _least([score for _, score in scored[:first]]))
    return RegretBound(regret=regret, threshold=threshold, holds=regret <= threshold)


def beta(t: int, *, size: int | None, parameters: int) -> float:
    """Return beta after t points; `size` is N, None if it is infinite."""
    among = parameters if size is None else size
    return 2 * math.log(among * t * t * math.pi**2 / (6 * DELTA)) / _SCALE_DOWN


def _least(scores: Sequence[float]) -> float:
    """Return what is not worth a search: a share of the spread, which outliers do not widen."""
    # Scaled down first: the difference of two of the largest floats is more than a float holds.
    low, high = np.quantile(np.array(scores) * (SHARE / 2), [0.25, 0.75])
    return _finite(2 * float(high - low) / _QUARTILES_APART)


def _finite(distance: float) -> float:
    """Return a distance as JSON can say it."""
    return min(max(distance, 0.0), sys.float_info.max)
