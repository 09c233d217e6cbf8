"""Bayesian search: where a surrogate of the objective expects the largest improvement.

The first points fill the space evenly, for a surrogate of nothing is worth nothing. What needs
numpy, scipy and scikit-learn is in `model_search`, which is imported when it is first used: the
command line, and an operator whose jobs are not Bayesian, never pay for it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kubetune.api.strategy import Sequence as PointSequence
from kubetune.api.tuningjob import ObjectiveSpec, TuningJobSpec
from kubetune.api.warm_start import WarmStartType
from kubetune.core.decision import Suggestion
from kubetune.core.objective import to_score
from kubetune.core.seeding import words
from kubetune.core.space import build_space
from kubetune.core.trial import Trial
from kubetune.core.warm_start import ParentRun, known_points, retried_points, thinned
from kubetune.errors import StrategyError
from kubetune.search.evidence import Evidence, Parameters, gather
from kubetune.search.sampling import draw_points, taken_points

if TYPE_CHECKING:
    from kubetune.search.model_search import Proposal

# Points before the surrogate has a say, at most a third of those that maxTrials allows.
_START = 8
_LEAST_START = 3
# Scores without which it has nothing to tell apart.
_LEAST_SCORES = 2
# With more scores of its own a job has nothing to learn from related parents that it could not have
# tried, and much to lose: where they are nearly right, the search would dwell on their best point.
# Until then a coin says which suggestions hear them, so that the others see what they would hide.
# Measured by benchmarks/warm_start.py.
_WEANED = 20
# Points of each related parent: a surrogate is fitted to them anew for every suggestion.
_MOST_RELATED = 100
# Suggestions of one call that the surrogate makes; it learns nothing between them.
MOST_AT_ONCE = 32


def suggest(
    spec: TuningJobSpec,
    trials: Sequence[Trial],
    *,
    count: int,
    first_index: int,
    seed: int,
    parents: Sequence[ParentRun] = (),
) -> Sequence[Suggestion]:
    """Return points that fill the space, then those that the surrogate proposes. See `SuggestFn`.

    Raises:
        StrategyError: scikit-learn is not installed, or (`SurrogateError`) the surrogate cannot be
            fitted to the scores.
    """
    goal = spec.objective.goal
    evidence = gather(trials, build_space(spec.parameters), goal)
    known = [
        (point.parameters, to_score(point.value, goal)) for point in known_points(spec, parents)
    ]
    related: list[list[tuple[Parameters, float]]] = []
    if _hears_parents(known=len(evidence.scored), seed=seed, index=first_index):
        related = _related(spec, parents)
    evidence = replace(evidence, scored=[*known, *evidence.scored], related=related)
    tried = [*taken_points(spec, trials, parents)]
    # Parents' points lie together, where a misleading parent was best: they fill no space.
    enough = start_size(spec.limits.max_trials) + len(retried_points(spec, parents))
    start = max(enough - len(tried), 0)
    filling = count if len(evidence.scored) < _LEAST_SCORES else min(start, count)
    made = _filled(spec, tried, count=filling, first_index=first_index, seed=seed)
    if wanted := min(count - len(made), MOST_AT_ONCE):
        points = [each.parameters for each in made]
        made += proposed(
            spec,
            replace(evidence, pending=[*evidence.pending, *points]),
            count=wanted,
            first_index=first_index + len(made),
            seed=seed,
        )
    tried += [each.parameters for each in made]
    rest = count - len(made)
    return made + _filled(spec, tried, count=rest, first_index=first_index + len(made), seed=seed)


def _hears_parents(*, known: int, seed: int, index: int) -> bool:
    """Return whether related parents are heard for the suggestion of that index."""
    return known < _WEANED and words(seed, index, "bayesian/parents", 1)[0] % 2 == 0


def _related(
    spec: TuningJobSpec, parents: Sequence[ParentRun]
) -> list[list[tuple[Parameters, float]]]:
    """Return the scores of parents whose values are not what this job would measure."""
    if spec.warm_start is None or spec.warm_start.type is not WarmStartType.TRANSFER:
        return []
    goal = spec.objective.goal
    return [
        [
            (point.parameters, to_score(point.value, goal))
            for point in thinned(run.points, _MOST_RELATED)
        ]
        for run in parents
        if run.points
    ]


def space_filling(
    spec: TuningJobSpec,
    trials: Sequence[Trial],
    *,
    count: int,
    first_index: int,
    seed: int,
    parents: Sequence[ParentRun] = (),
) -> Sequence[Suggestion]:
    """Return points of the Halton sequence, which take the surrogate's place. See `SuggestFn`."""
    tried = [*taken_points(spec, trials, parents)]
    return _filled(spec, tried, count=count, first_index=first_index, seed=seed)


def _filled(
    spec: TuningJobSpec, tried: Sequence[Parameters], *, count: int, first_index: int, seed: int
) -> list[Suggestion]:
    """Return points of the Halton sequence; in a finite space none that was tried."""
    indices = range(first_index, first_index + count)
    points = draw_points(
        build_space(spec.parameters),
        tried,
        indices,
        seed=seed,
        sequence=PointSequence.QUASIRANDOM,
    )
    start = start_size(spec.limits.max_trials)
    suggestions = []
    for number, (index, point) in enumerate(zip(indices, points, strict=True), len(tried) + 1):
        place = (
            f"start, {number} of {start}" if number <= start else f"point {index} of seed {seed}"
        )
        suggestions.append(
            Suggestion(index=index, parameters=point, reason=f"space-filling {place}")
        )
    return suggestions


def start_size(max_trials: int | None) -> int:
    """Return how many points fill the space before the surrogate has a say."""
    return _START if max_trials is None else max(_LEAST_START, min(_START, max_trials // 3))


def proposed(
    spec: TuningJobSpec, evidence: Evidence, *, count: int, first_index: int, seed: int
) -> list[Suggestion]:
    """Return the surrogate's proposals, `count` of them or fewer where no free point was found."""
    try:
        # The libraries behind it take half a second and 60 MB.
        from kubetune.search.model_search import propose  # noqa: PLC0415  see above
    except ImportError as error:
        raise StrategyError(f"Bayesian search needs kubetune[bayesian]: {error}") from error
    space = build_space(spec.parameters)
    proposals = propose(space, evidence, count=count, seed=seed, index=first_index)
    return [
        Suggestion(
            index=first_index + k,
            parameters=proposal.point,
            reason=_reason(spec.objective, proposal),
        )
        for k, proposal in enumerate(proposals)
    ]


def _reason(objective: ObjectiveSpec, proposal: "Proposal") -> str:
    mean, best = (to_score(score, objective.goal) for score in (proposal.mean, proposal.best))
    return (
        f"{objective.metric} expected at {mean:.4g} ± {proposal.std:.2g}, "
        f"expected improvement {proposal.improvement:.2g} on {best:.4g}; "
        f"from {proposal.known} values and {proposal.pending} pending trials"
    )
