"""The regret bound: how much better than the best known point any point may be.

Symbols:
    t            points with a score;  d parameters;  N points of a finite space
    mean, std    of the surrogate at a point, in its targets (larger is better)
    beta         width of the confidence bounds;  delta the probability that they fail
    ucb, lcb     mean ± root(beta) std
    r            the bound: the largest ucb of the space - the largest lcb of the known points
    eps          what r has to come down to

Source: Makarova et al. 2022, "Automatic termination for hyperparameter optimization" (AutoML-Conf):
its bound on the simple regret, here for scores, of which larger ones are better, with delta = 0.1
and beta = 2 log(N t^2 pi^2 / (6 delta)) / 5, which is theorem 1 of Srinivas et al. 2010, "Gaussian
process optimization in the bandit setting", scaled down as in their experiments. That theorem is
about finite spaces; in infinite ones d takes the place of N, as in Optuna's implementation.

Deviations. The paper stops when r is below the standard deviation of a cross-validated estimate,
because smaller differences cannot be told from chance. We see one value per trial, so eps is the
standard deviation of a single value as the surrogate finds it, or, where values hardly have noise,
a share of the spread of the first scores, before the search gathered where they are good: what is
smaller than that is not worth a search. The surrogate models transformed scores; r and eps are
taken back to scores before they are compared.

And the bounds are those of a rougher objective than the likeliest: the fitted length scales are at
most the whole range and then divided by `_ROUGHER`, and the signal variance is at least that of the
targets; smaller length scales contain more functions (Berkenkamp et al. 2019, "No-regret Bayesian
optimization with unknown hyperparameters"). decisions/0011 says what happens otherwise.
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kubetune.core.seeding import words
from kubetune.core.space import SearchSpace
from kubetune.search.evidence import Parameters
from kubetune.search.features import Floats, build_features
from kubetune.search.kernel import build_feature_map
from kubetune.search.proposals import Ground, best_candidate
from kubetune.search.surrogate import Surrogate, condition, fit_surrogate
from kubetune.search.targets import make_targets

DELTA = 0.1
_SCALE_DOWN = 5
_ROUGHER = 1.2
_LONGEST = 1.0
SHARE = 0.05
"""eps at least, in standard deviations of the first scores."""
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

    The largest ucb is that of all points of a small finite space, else of the best point that is
    found, which may be too small; two hundred candidates in the neighbourhood of each good point
    make that rare.

    Raises:
        SurrogateError: nothing can be fitted to the scores.

    Determinism: a function of its arguments.
    """
    features = build_features(space)
    z = features.encode([point for point, _ in scored])
    targets = make_targets(np.array([score for _, score in scored]))
    surrogate = _rougher(fit_surrogate(build_feature_map(features), z, targets.y))
    width = math.sqrt(beta(len(scored), size=space.size, parameters=len(space.names)))

    def upper(points: Floats) -> Floats:
        mean, std = surrogate.predict(points)
        return np.asarray(mean[:, 0] + width * std)

    mean, std = surrogate.predict(z)
    best_lower = float((mean[:, 0] - width * std).max())
    rng = np.random.Generator(np.random.PCG64(words(seed, len(scored), "convergence", 4)))
    ground = Ground(
        features=features,
        taken=(),
        good=z[np.argsort(-upper(z), kind="stable")],
        lengths=np.clip(surrogate.hyperparameters.l, 0.05, 1.0),
    )
    candidate = best_candidate(ground, upper, rng)
    best_upper = max(float(upper(z).max()), candidate.acquisition if candidate else -math.inf)
    noise = math.sqrt(surrogate.hyperparameters.t)
    low, high, noisy = targets.to_scores(np.array([best_lower, best_upper, best_lower + noise]))
    regret = _distance(low, high)
    threshold = max(_distance(low, noisy), _least([score for _, score in scored[:first]]))
    return RegretBound(regret=regret, threshold=threshold, holds=regret <= threshold)


def _least(scores: Sequence[float]) -> float:
    """Return what is not worth a search: a share of the spread, which outliers do not widen."""
    low, high = (float(quartile) for quartile in np.quantile(np.array(scores) / 2, [0.25, 0.75]))
    return SHARE * _distance(2 * low, 2 * high) / _QUARTILES_APART


def _rougher(surrogate: Surrogate) -> Surrogate:
    """Return the surrogate of an objective that changes faster and more than the likeliest one."""
    h = surrogate.hyperparameters
    lengths = np.minimum(h.l, _LONGEST) / _ROUGHER
    return condition(replace(surrogate, hyperparameters=replace(h, l=lengths, v=max(h.v, 1.0))))


def _distance(low: float, high: float) -> float:
    """Return by how much one score is above another, finite and not negative."""
    half = max(float(high) / 2 - float(low) / 2, 0.0)
    return 2 * min(half, sys.float_info.max / 2)


def beta(t: int, *, size: int | None, parameters: int) -> float:
    """Return the width of the bounds after t points; `size` is N, None if it is infinite."""
    among = parameters if size is None else size
    return 2 * math.log(among * t * t * math.pi**2 / (6 * DELTA)) / _SCALE_DOWN
