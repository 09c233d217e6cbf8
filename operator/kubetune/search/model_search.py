"""Suggestions from a surrogate: what Bayesian search does, for any set of points and scores.

Also for use by others that have points and scores of their own, such as a bracket of Hyperband:
`propose(space, evidence, count=…, seed=…, index=…)`. Whoever does not always need this module
imports it late, because it brings in numpy, scipy and scikit-learn.

Points are wanted for their improvement on the best mean of the surrogate at a known point (not on
the best value: that may be luck), and for not failing; the acquisition functions take turns. No
point is wanted whose value a pending one is going to tell: what is left to learn there has to be a
share of what would be without the pending points. Near the edges of the space little is expected at
first.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from kubetune.core.seeding import words
from kubetune.core.space import Point, SearchSpace
from kubetune.search.acquisition import TURNS, Wish, wanted
from kubetune.search.crowding import crowding
from kubetune.search.edges import log_belief
from kubetune.search.evidence import Evidence, Parameters, contains
from kubetune.search.feasibility import Feasibility, learn_feasibility
from kubetune.search.features import Features, Floats, build_features
from kubetune.search.kernel import build_feature_map
from kubetune.search.proposals import Candidate, Ground, Key, best_candidate
from kubetune.search.surrogate import Surrogate, fit_surrogate
from kubetune.search.targets import Targets, make_targets
from kubetune.search.transfer import learn_trend

# Points with scores that the surrogate sees, at most: its cost grows with their cube.
MOST_SCORED = 500
_BEST_SHARE = 0.4
MOST_PENDING = 100
_MOST_FAILED = 200
# A length scale beyond these, in widths of the space, is no measure for a step.
_LENGTHS = (0.05, 1.0)
# Normal quantiles, with which an expectation is summed.
_NORMAL = np.array([NormalDist().inv_cdf((k + 0.5) / 64) for k in range(64)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A point and what the surrogate expects of it, as scores.

    Attributes:
        point: The point.
        mean: Its expected score.
        std: Standard deviation of its score, without the noise.
        best: The expected score of the best known point.
        improvement: By how much the score is expected to be better than `best`; 0 counts as 0.
        known: Number of scores that the surrogate was fitted to.
        pending: Number of pending points that it took in.
    """

    point: Point
    mean: float
    std: float
    best: float
    improvement: float
    known: int
    pending: int


def propose(
    space: SearchSpace, evidence: Evidence, *, count: int, seed: int, index: int
) -> list[Proposal]:
    """Return points to try next, best first; fewer than `count` where no free point was found.

    Args:
        space: The search space.
        evidence: What is known; at least one point with a score.
        count: Number of points, at least 1.
        seed: Seed of the run.
        index: Number of the first point; another one gives other random numbers.

    Raises:
        SurrogateError: nothing can be fitted to the scores.

    Determinism: a function of its arguments, whatever the order of the evidence.
    """
    search = prepare(space, evidence, seed=seed, index=index)
    proposals: list[Proposal] = []
    while len(proposals) < count:
        candidate = search.best()
        if candidate is None:
            break
        proposals.append(search.describe(candidate))
        if len(proposals) < count:
            search = search.after(candidate)
    return proposals


@dataclass(frozen=True, slots=True)
class Search:
    """What is known in one call; it grows by a pending point with each proposal."""

    features: Features
    surrogate: Surrogate
    feasibility: Feasibility
    targets: Targets
    taken: frozenset[Key]
    rng: np.random.Generator
    index: int

    @property
    def wish(self) -> Wish:
        """What the next point is wanted for."""
        return TURNS[self.index % len(TURNS)]

    def best(self) -> Candidate | None:
        """Return the free point of the largest acquisition that is found."""
        bests, wish = self.surrogate.at_data().max(axis=0), self.wish
        pending = self.surrogate.z[len(self.targets.y) :]

        def acquisition(z: Floats) -> Floats:
            mean, std, alone = self.surrogate.predict(z)
            told = np.log((alone**2).mean(axis=1) / (std**2).mean(axis=1)) / 2
            # The logarithms of improvements are multiplied with the share that is not told.
            share = told if wish is Wish.EXPECTED else 0.0
            value = wanted(wish, mean, std, bests) - share + self.feasibility.log_weight(z)
            value += log_belief(self.features, z, len(self.targets.y))
            return np.asarray(value - crowding(self.features, z, pending, told))

        return best_candidate(self.ground(), acquisition, self.rng)

    def ground(self) -> Ground:
        """Return where to look for candidates."""
        means = self.surrogate.at_data().mean(axis=1)
        return Ground(
            features=self.features,
            taken=self.taken,
            good=self.surrogate.z[np.argsort(-means, kind="stable")],
            lengths=np.clip(self.surrogate.lengths, *_LENGTHS),
        )

    def after(self, candidate: Candidate) -> "Search":
        """Return the search that goes on while the candidate is pending."""
        return replace(
            self,
            surrogate=self.surrogate.with_pending(candidate.z[None]),
            taken=self.taken | {self.features.space.key(candidate.point)},
            index=self.index + 1,
        )

    def describe(self, candidate: Candidate) -> Proposal:
        """Return the proposal of a candidate, its expectations as scores."""
        mean, std, _ = self.surrogate.predict(candidate.z[None])
        known = len(self.targets.y)
        best = float(self.surrogate.at_data().mean(axis=1).max())
        centre = float(mean.mean())
        # The variance of a mixture: of its parts, and between their means.
        spread = math.sqrt(float((std**2).mean() + mean.var()))
        scores = self.targets.to_scores(
            np.array([best, centre, centre - spread, centre + spread, *(centre + spread * _NORMAL)])
        )
        return Proposal(
            point=candidate.point,
            mean=float(scores[1]),
            std=float(scores[3] / 2 - scores[2] / 2),
            best=float(scores[0]),
            improvement=float(
                np.maximum(scores[4:] / len(_NORMAL) - scores[0] / len(_NORMAL), 0).sum()
            ),
            known=known,
            pending=len(self.surrogate.z) - known,
        )


def prepare(
    space: SearchSpace, evidence: Evidence, *, seed: int, index: int, everything: bool = False
) -> Search:
    """Return the search that the evidence begins; see `propose`.

    With `everything` no point counts as taken and nothing as pending or failed.
    """
    features = build_features(space)
    feature_map = build_feature_map(features)
    rng = np.random.Generator(np.random.PCG64(words(seed, index, "bayesian", 4)))
    z, scores = _encoded(features, evidence.scored)
    targets = make_targets(scores)
    inside = [[s for s in task if contains(space, s[0])] for task in evidence.related]
    related = [_encoded(features, task) for task in inside if task]
    tasks = [(its_z, make_targets(its_scores).y) for its_z, its_scores in related]
    trend = learn_trend(feature_map, tasks, z, targets.y, rng)
    rest = targets.y if trend is None else targets.y - trend(z)
    surrogate = replace(fit_surrogate(feature_map, z, rest, rng), trend=trend)
    if everything:
        nothing = Feasibility(None)
        return Search(features, surrogate, nothing, targets, frozenset(), rng, index)
    failed = features.encode(evidence.failed[-_MOST_FAILED:])
    feasibility = learn_feasibility(feature_map, rng, sound=z, failed=failed)
    if evidence.pending:
        pending = features.encode(evidence.pending[-MOST_PENDING:])
        surrogate = surrogate.with_pending(pending)
    points = [point for point, _ in evidence.scored]
    points += [*evidence.pending, *evidence.failed, *evidence.tried]
    taken = frozenset(space.key(point) for point in points)
    return Search(features, surrogate, feasibility, targets, taken, rng, index)


def _encoded(
    features: Features, scored: Sequence[tuple[Parameters, float]]
) -> tuple[Floats, Floats]:
    """Return coordinates, (n, d), and scores, (n,), of the most telling points."""
    chosen = _most_telling(scored)
    return features.encode([point for point, _ in chosen]), np.array([s for _, s in chosen])


def _most_telling(
    scored: Sequence[tuple[Parameters, float]],
) -> Sequence[tuple[Parameters, float]]:
    """Return at most `MOST_SCORED` of the points: the best ones, and evenly many of the others.

    The others keep the surrogate from taking for promising what was found bad long ago. They are
    taken at even distances of rank, so that every kind of bad is there.
    """
    if len(scored) <= MOST_SCORED:
        return scored
    order = sorted(range(len(scored)), key=lambda i: (-scored[i][1], i))
    best = int(MOST_SCORED * _BEST_SHARE)
    rest = np.linspace(best, len(order) - 1, MOST_SCORED - best).astype(int)
    chosen = sorted(order[:best] + [order[int(k)] for k in rest])
    return [scored[i] for i in chosen]
