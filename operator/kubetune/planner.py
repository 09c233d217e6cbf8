"""The one decision function: what to do about a tuning job now.

Pure: the operator, the offline simulator and the tests call the same one, and calling it again on
the world that its decision made asks for nothing new.
"""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from datetime import datetime
from operator import attrgetter

from kubetune.api.strategy import HyperbandSearch, StrategyType
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.convergence.rule import find_convergence
from kubetune.core.decision import Decision, Promotion, Suggestion
from kubetune.core.ends import find_end, time_left
from kubetune.core.initial_trials import initial_points, untried_points
from kubetune.core.plan import Plan, Problem, check, plan
from kubetune.core.space import Point, build_space
from kubetune.core.trial import Trial
from kubetune.core.warm_start import ParentRun, known_points, retried_points
from kubetune.errors import StrategyError
from kubetune.search.registry import STRATEGIES, fallback
from kubetune.stopping.registry import find_left_behind, find_promotions, find_stops, retire_paused

__all__ = ["Plan", "Problem", "check", "decide", "needs_surrogate", "plan"]


def decide(
    spec: TuningJobSpec,
    trials: Sequence[Trial],
    *,
    seed: int,
    started_at: datetime,
    now: datetime,
    parents: Sequence[ParentRun] = (),
) -> Decision:
    """Return what to do about the job: its end, or else trials to stop, promote and launch.

    The number of trials that exist never exceeds maxTrials nor the number of points, and those
    that hold a slot never exceed maxParallelTrials; promotions come before launches. A stopped
    trial frees its slot when its pod is gone, so stops and launches of one decision do not depend
    on each other. A suspended job starts and stops nothing, but it may end. New indices follow the
    greatest one; an index that is missing (its Trial was not created, or was deleted) is never used
    again, but is replaced.

    Args:
        spec: The wish, one in which `check` finds nothing.
        trials: All trials of the run, in any order.
        seed: Seed of the run.
        started_at: Start of the run.
        now: The present.
        parents: What the job takes over, in the order of warmStart.from; empty without it.

    Determinism: a function of its arguments; the order of `trials` does not matter.
    """
    ordered = sorted(trials, key=attrgetter("index"))
    combinations = build_space(spec.parameters).size
    if combinations is not None:
        combinations -= len(known_points(spec, parents))
    try:
        convergence, objection = find_convergence(spec, ordered, seed=seed), None
    except StrategyError as error:
        convergence, objection = None, str(error)
    promotable = find_promotions(spec, ordered)
    outcome = find_end(
        spec,
        ordered,
        combinations=combinations,
        started_at=started_at,
        now=now,
        convergence=convergence,
        can_promote=bool(promotable),
        left_behind=_left_behind(spec, ordered, promotable),
    )
    if outcome is not None:
        stops = tuple(retire_paused(spec, ordered))
        return Decision(outcome=outcome, stop=stops, convergence=convergence)
    wake_after = time_left(spec, ordered, started_at=started_at, now=now)
    if spec.suspend:
        return Decision(wake_after=wake_after, convergence=convergence)
    slots = spec.limits.max_parallel_trials - [trial.holds_slot for trial in ordered].count(True)
    promote = tuple(promotable[: max(slots, 0)])
    room = slots - len(promote)
    launch, complaint = _launches(spec, ordered, parents, combinations, slots=room, seed=seed)
    return Decision(
        launch=launch,
        promote=promote,
        stop=tuple(find_stops(spec, ordered)),
        wake_after=wake_after,
        fallback=complaint or objection,
        convergence=convergence,
    )


def needs_surrogate(spec: TuningJobSpec) -> bool:
    """Return whether a decision about the job may take what `kubetune[bayesian]` installs."""
    hyperband = spec.strategy.hyperband
    return (
        spec.strategy.type is StrategyType.BAYESIAN
        or (hyperband is not None and hyperband.search is HyperbandSearch.BAYESIAN)
        or (spec.completion is not None and bool(spec.completion.convergence))
    )


def _left_behind(
    spec: TuningJobSpec, trials: Sequence[Trial], promotable: Sequence[Promotion]
) -> frozenset[int]:
    """Return the Paused trials that count as not improving; nobody is asked where none does."""
    if spec.completion is None or spec.completion.not_improving is None:
        return frozenset()
    return find_left_behind(spec, trials, promotable)


def _launches(
    spec: TuningJobSpec,
    trials: Sequence[Trial],
    parents: Sequence[ParentRun],
    combinations: int | None,
    *,
    slots: int,
    seed: int,
) -> tuple[tuple[Suggestion, ...], str | None]:
    """Return the trials to start and, if the strategy could not answer, why."""
    rooms = [slots]
    rooms.extend(
        most - len(trials) for most in (spec.limits.max_trials, combinations) if most is not None
    )
    count = min(rooms)
    if count <= 0:
        return (), None
    first = trials[-1].index + 1 if trials else 0
    wished = _wished(spec, trials, parents, count=count, first_index=first, seed=seed)
    if len(wished) == count:
        return wished, None
    world = [*trials, *(_as_pending(suggestion) for suggestion in wished)]
    count, first = count - len(wished), first + len(wished)
    suggest = STRATEGIES[spec.strategy.type]
    try:
        suggested = suggest(spec, world, count=count, first_index=first, seed=seed, parents=parents)
    except StrategyError as error:
        suggest = fallback(spec)
        suggested = suggest(spec, world, count=count, first_index=first, seed=seed, parents=parents)
        return (*wished, *suggested), f"{spec.strategy.type} could not answer: {error}"
    return (*wished, *suggested), None


def _wished(
    spec: TuningJobSpec,
    trials: Sequence[Trial],
    parents: Sequence[ParentRun],
    *,
    count: int,
    first_index: int,
    seed: int,
) -> tuple[Suggestion, ...]:
    """Return suggestions of points that come before the strategy's own, `count` at most."""
    space = build_space(spec.parameters)
    first = [
        *((point, "one of spec.initialTrials") for point in initial_points(spec, seed=seed)),
        *(
            (
                dict(point.parameters),
                f"did well in {parent}: {spec.objective.metric} {point.value:.4g}",
            )
            for parent, point in retried_points(spec, parents)
        ),
    ]
    wanted: dict[Hashable, tuple[Point, str]] = {}
    for point, reason in first:
        wanted.setdefault(space.key(point), (point, reason))
    points = untried_points(spec, [point for point, _ in wanted.values()], trials)[:count]
    if not points:
        return ()
    # Random search says what else a trial of this strategy has: with Hyperband, its bracket.
    drawn = fallback(spec)(
        spec, trials, count=len(points), first_index=first_index, seed=seed, parents=parents
    )
    return tuple(
        replace(suggestion, parameters=point, reason=wanted[space.key(point)][1])
        for suggestion, point in zip(drawn, points, strict=True)
    )


def _as_pending(suggestion: Suggestion) -> Trial:
    """Return the trial that a suggestion becomes."""
    return Trial(
        index=suggestion.index,
        name="",
        parameters=suggestion.parameters,
        state=TrialState.PENDING,
        resource=suggestion.resource,
        bracket=suggestion.bracket,
        holds_slot=True,
    )
