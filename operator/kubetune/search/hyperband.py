"""Hyperband's suggestions: points, each with a bracket and the resource that it starts with.

The points are random, or proposed by the surrogate of Bayesian search from what `rung_evidence`
makes of the trials. What becomes of them at the rungs is the business of `stopping`: asha,
promotion, synchronous.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from kubetune.api.parameters import ParameterValue
from kubetune.api.strategy import HyperbandMode, HyperbandSearch, HyperbandSettings
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.brackets import bracket_count, next_brackets
from kubetune.core.decision import Suggestion
from kubetune.core.foresight import distrusted_levels
from kubetune.core.rungs import bracket_sizes, levels_of
from kubetune.core.seeding import words
from kubetune.core.space import build_space
from kubetune.core.trial import Trial
from kubetune.core.warm_start import ParentRun
from kubetune.errors import StrategyError
from kubetune.search.bayesian import MOST_AT_ONCE, proposed, start_size
from kubetune.search.rung_evidence import gather_at_rung
from kubetune.search.sampling import draw_points, taken_points


def suggest(
    spec: TuningJobSpec,
    trials: Sequence[Trial],
    *,
    count: int,
    first_index: int,
    seed: int,
    parents: Sequence[ParentRun] = (),
) -> Sequence[Suggestion]:
    """Return points with a resource and a bracket. See `SuggestFn`."""
    settings = _settings(spec)
    made: list[Suggestion] = []
    if settings.search is HyperbandSearch.BAYESIAN:
        made = _modelled(spec, settings, trials, count=count, first_index=first_index, seed=seed)
    taken = chain(taken_points(spec, trials, parents), [point.parameters for point in made])
    indices = range(first_index + len(made), first_index + count)
    return _placed(spec, [*made, *_random(spec, taken, indices, seed)], trials, seed)


def suggest_random(
    spec: TuningJobSpec,
    trials: Sequence[Trial],
    *,
    count: int,
    first_index: int,
    seed: int,
    parents: Sequence[ParentRun] = (),
) -> Sequence[Suggestion]:
    """Return random points with a resource and a bracket, whatever `search` says."""
    taken = taken_points(spec, trials, parents)
    drawn = _random(spec, taken, range(first_index, first_index + count), seed)
    return _placed(spec, drawn, trials, seed)


def _settings(spec: TuningJobSpec) -> HyperbandSettings:
    if spec.strategy.hyperband is None:
        raise StrategyError("strategy.hyperband is not set, so there is no maxResource")
    return spec.strategy.hyperband


def _modelled(
    spec: TuningJobSpec,
    settings: HyperbandSettings,
    trials: Sequence[Trial],
    *,
    count: int,
    first_index: int,
    seed: int,
) -> list[Suggestion]:
    """Return what a model proposes, `count` points or fewer; none before it has enough scores.

    Raises:
        StrategyError: the model cannot answer.
    """
    space = build_space(spec.parameters)
    levels = levels_of(settings)
    known = [_as_recorded(trial) for trial in trials] if settings.mode.pauses else trials
    evidence = gather_at_rung(known, space, spec.objective, levels=levels)
    if len(evidence.scored) < max(start_size(spec.limits.max_trials), len(space.names) + 1):
        return []
    most = min(count, MOST_AT_ONCE)
    return proposed(spec, evidence, count=most, first_index=first_index, seed=seed)


def _as_recorded(trial: Trial) -> Trial:
    """Return a trial with what stays recorded of it: a promotion leaves its rungs alone.

    So a promotion does not take away what the model has learned from.
    """
    return trial if trial.state.is_finished else replace(trial, observations=())


def _random(
    spec: TuningJobSpec,
    taken: Iterable[Mapping[str, ParameterValue]],
    indices: range,
    seed: int,
) -> list[Suggestion]:
    points = draw_points(build_space(spec.parameters), taken, indices, seed=seed)
    return [
        Suggestion(
            index=index, parameters=point, reason=f"pseudorandom point {index} of seed {seed}"
        )
        for index, point in zip(indices, points, strict=True)
    ]


def _placed(
    spec: TuningJobSpec, points: Sequence[Suggestion], trials: Sequence[Trial], seed: int
) -> list[Suggestion]:
    """Return the points with their brackets and resources."""
    settings = _settings(spec)
    places = _places(spec, trials, points[0].index if points else 0, seed)
    return [
        replace(
            point,
            resource=first if settings.mode.pauses else settings.top,
            bracket=bracket,
            reason=f"{point.reason}, first judged at step {first}",
        )
        for point, (bracket, first) in zip(points, places, strict=False)
    ]


def draw_bracket(settings: HyperbandSettings, rungs: int, index: int, seed: int) -> int:
    """Return the bracket of the trial: drawn in proportion to the brackets' sizes.

    Determinism: a function of the settings, the index and the seed.
    """
    sizes = bracket_sizes(rungs, bracket_count(settings), settings.reduction_factor)
    place = words(seed, index, "hyperband/bracket", 1)[0] * sum(sizes) >> 64
    bracket = 0
    while place >= sizes[bracket]:
        place -= sizes[bracket]
        bracket += 1
    return bracket


def _places(
    spec: TuningJobSpec, trials: Sequence[Trial], first_index: int, seed: int
) -> Iterator[tuple[int, int]]:
    """Yield the bracket and the first rung of each new trial, without end."""
    settings = _settings(spec)
    if settings.mode is HyperbandMode.SYNCHRONOUS:
        distrusted = distrusted_levels(spec, trials)
        yield from next_brackets(settings, trials, distrusted=distrusted)
    levels = levels_of(settings)
    index = first_index
    while True:
        bracket = draw_bracket(settings, len(levels), index, seed)
        yield bracket, levels[bracket]
        index += 1
