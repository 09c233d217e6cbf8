"""The one decision function: what to do about a tuning job now.

Pure: the operator, the offline simulator and the tests call the same one, and calling it again on
the world that its decision made asks for nothing new.
"""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Decision, Suggestion
from kubetune.core.ends import find_end, time_left
from kubetune.core.plan import Plan, Problem, check, plan
from kubetune.core.space import build_space
from kubetune.core.trial import Trial
from kubetune.errors import StrategyError
from kubetune.search.registry import STRATEGIES, fallback
from kubetune.stopping.registry import find_stops

__all__ = ["Plan", "Problem", "check", "decide", "plan"]


def decide(
    spec: TuningJobSpec,
    trials: Sequence[Trial],
    *,
    seed: int,
    started_at: datetime,
    now: datetime,
) -> Decision:
    """Return what to do about the job: its end, or else trials to stop and trials to launch.

    The number of trials that exist never exceeds maxTrials nor the number of points, and those
    that hold a slot never exceed maxParallelTrials. A stopped trial frees its slot when its pod is
    gone, so stops and launches of one decision do not depend on each other. A suspended job starts
    and stops nothing, but it may end. New indices follow the greatest one; an index that is
    missing (its Trial was not created, or was deleted) is never used again, but is replaced.

    Args:
        spec: The wish, one in which `check` finds nothing.
        trials: All trials of the run, in any order.
        seed: Seed of the run.
        started_at: Start of the run.
        now: The present.

    Determinism: a function of its arguments; the order of `trials` does not matter.
    """
    ordered = sorted(trials, key=attrgetter("index"))
    combinations = build_space(spec.parameters).size
    outcome = find_end(spec, ordered, combinations=combinations, started_at=started_at, now=now)
    if outcome is not None:
        return Decision(outcome=outcome)
    wake_after = time_left(spec, started_at=started_at, now=now)
    if spec.suspend:
        return Decision(wake_after=wake_after)
    launch, complaint = _launches(spec, ordered, combinations, seed)
    return Decision(
        launch=launch,
        stop=tuple(find_stops(spec, ordered)),
        wake_after=wake_after,
        fallback=complaint,
    )


def _launches(
    spec: TuningJobSpec, trials: Sequence[Trial], combinations: int | None, seed: int
) -> tuple[tuple[Suggestion, ...], str | None]:
    """Return the trials to start and, if the strategy could not answer, why."""
    limits = spec.limits
    rooms = [limits.max_parallel_trials - [trial.holds_slot for trial in trials].count(True)]
    rooms.extend(
        most - len(trials) for most in (limits.max_trials, combinations) if most is not None
    )
    count = min(rooms)
    if count <= 0:
        return (), None
    first = trials[-1].index + 1 if trials else 0
    suggest = STRATEGIES[spec.strategy.type]
    try:
        suggested = suggest(spec, trials, count=count, first_index=first, seed=seed)
    except StrategyError as error:
        suggest = fallback(spec)
        suggested = suggest(spec, trials, count=count, first_index=first, seed=seed)
        return tuple(suggested), f"{spec.strategy.type} could not answer: {error}"
    return tuple(suggested), None
