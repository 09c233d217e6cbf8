"""How much can still be gained: the regret bound of the surrogate, for the rule of convergence.

Symbols: x a point; A the points with a score; s the width of the bounds in standard deviations.

Source: Makarova et al. 2022, "Automatic termination for hyperparameter optimization", section 4,
equation 3, with larger scores being better: max over x of the upper bound, less the max over A of
the lower bound.
"""

from dataclasses import dataclass, replace

import numpy as np

from kubetune.core.space import SearchSpace
from kubetune.search.evidence import Evidence
from kubetune.search.features import Floats
from kubetune.search.model_search import prepare
from kubetune.search.process import Process, condition
from kubetune.search.proposals import best_candidate
from kubetune.search.surrogate import Surrogate


@dataclass(frozen=True, slots=True, kw_only=True)
class RegretBound:
    """What the surrogate thinks is still to be gained, in scores.

    Attributes:
        gain: Upper bound of by how much any point is better than the best known one; at least 0.
        upper: Upper bound of the best score anywhere, without noise.
        lower: Lower bound of the score of the best known point, without noise.
        noise: Standard deviation of the noise of a score near the best.
        known: Number of scores that the surrogate was fitted to.
    """

    gain: float
    upper: float
    lower: float
    noise: float
    known: int


def regret_bound(
    space: SearchSpace,
    evidence: Evidence,
    *,
    width: float,
    seed: int,
    index: int,
    roughness: float | None = None,
) -> RegretBound:
    """Return the regret bound.

    Args:
        space: The search space.
        evidence: What is known; at least one point with a score. Pending points are left out.
        width: s: the root of beta in the paper.
        seed: Seed of the run.
        index: What else the random numbers of the search depend on, such as the number of scores.
        roughness: What length scales, of which none counts as more than the whole range, are
            divided by; signal variances are then at least that of the targets. None: everything
            as it was fitted.

    Raises:
        SurrogateError: nothing can be fitted to the scores.

    Determinism: a function of its arguments, whatever the order of the evidence.
    """
    search = prepare(space, evidence, seed=seed, index=index, everything=True)
    if roughness is not None:
        search = replace(search, surrogate=_rougher(search.surrogate, roughness))
    targets, known = search.targets, len(search.targets.y)
    mean, std = _moments(search.surrogate, search.surrogate.z)
    lower, least_upper = float((mean - width * std).max()), float((mean + width * std).max())

    def upper_bound(z: Floats) -> Floats:
        centre, spread = _moments(search.surrogate, z)
        return np.asarray(centre + width * spread)

    found = best_candidate(search.ground(), upper_bound, search.rng)
    upper = least_upper if found is None else max(found.acquisition, least_upper)
    noise = float(np.sqrt((search.surrogate.noise() ** 2).mean()))
    best = float(mean.max())
    scores = targets.to_scores(np.array([lower, upper, best - noise, best + noise]))
    return RegretBound(
        gain=float(max(scores[1] - scores[0], 0.0)),
        upper=float(scores[1]),
        lower=float(scores[0]),
        noise=float(scores[3] - scores[2]) / 2,
        known=known,
    )


def _rougher(surrogate: Surrogate, roughness: float) -> Surrogate:
    """Return the surrogate of an objective that changes faster than the fitted ones."""

    def process(one: Process) -> Process:
        h = one.hyperparameters
        lengths = np.minimum(h.l, 1.0) / roughness
        return condition(replace(one, hyperparameters=replace(h, l=lengths, v=max(h.v, 1.0))))

    return replace(surrogate, processes=tuple(process(one) for one in surrogate.processes))


def _moments(surrogate: Surrogate, z: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation, (m,) each, of the mixture of all processes."""
    mean, std, _ = surrogate.predict(z)
    return mean.mean(axis=1), np.sqrt((std**2).mean(axis=1) + mean.var(axis=1))
