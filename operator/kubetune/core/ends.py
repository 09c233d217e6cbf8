"""When a tuning job ends, and whether that is good: each end with a reason and its numbers.

Several ends may hold at once, for example after the operator was away. The first of this list is
the one that is told; wishes come first, then faults, then what would have ended the job anyway:

StoppedByUser         Complete  spec.stop
TargetReached         Complete  the incumbent is at least as good as completion.target
FirstTrialsFailed     Failed    limits.maxInitialFailures trials failed and none succeeded yet
TooManyFailedTrials   Failed    more than limits.maxFailedTrials failed
SearchSpaceExhausted  Complete  every point of a finite space was tried and has ended
MaxTrialsReached      Complete  limits.maxTrials trials were made and have ended
NotImproving          Complete  completion.notImproving.trials in a row did not improve the best
MaxRuntimeReached     Complete  limits.maxRuntime has passed

The two that ran out of points or trials and the one that ran out of time are failures with the
reason NoTrialSucceeded where no trial has a value.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kubetune.api.durations import parse_duration
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Outcome, OutcomeKind
from kubetune.core.objective import incumbent, to_score, trials_since_improvement
from kubetune.core.trial import Trial

_FAILED = (TrialState.FAILED, TrialState.METRICS_UNAVAILABLE)
_SUCCESSFUL = (TrialState.SUCCEEDED, TrialState.EARLY_STOPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _World:
    """What the ends look at.

    Attributes:
        spec: The wish.
        trials: All trials of the run.
        combinations: Number of points of the search space; None if infinite.
        elapsed: Time since the run started.
    """

    spec: TuningJobSpec
    trials: Sequence[Trial]
    combinations: int | None
    elapsed: timedelta


def find_end(
    spec: TuningJobSpec,
    trials: Sequence[Trial],
    *,
    combinations: int | None,
    started_at: datetime,
    now: datetime,
) -> Outcome | None:
    """Return the end of the job, or None if it goes on.

    Args:
        spec: The wish.
        trials: All trials of the run, in any order.
        combinations: Number of points of the search space; None if infinite.
        started_at: Start of the run.
        now: The present.
    """
    world = _World(spec=spec, trials=trials, combinations=combinations, elapsed=now - started_at)
    return next(_ends(world), None)


def time_left(spec: TuningJobSpec, *, started_at: datetime, now: datetime) -> timedelta | None:
    """Return the time until maxRuntime, negative after it; None without one."""
    if spec.limits.max_runtime is None:
        return None
    return started_at + parse_duration(spec.limits.max_runtime) - now


def _ends(world: _World) -> Iterator[Outcome]:
    """Yield every end that holds now, in the order of the module's table."""
    yield from _wishes(world)
    yield from _faults(world)
    yield from _spent(world)


def _wishes(world: _World) -> Iterator[Outcome]:
    spec = world.spec
    if spec.stop:
        yield _complete("StoppedByUser", "The job was stopped by its user (spec.stop).")
    target = spec.completion.target if spec.completion else None
    best = None if target is None else incumbent(world.trials, spec.objective)
    if target is None or best is None or best.value is None:
        return
    goal = spec.objective.goal
    if to_score(best.value, goal) >= to_score(target, goal):
        yield _complete(
            "TargetReached",
            f"Trial {best.name} reached {spec.objective.metric} {best.value:g}; "
            f"the target is {target:g}.",
        )


def _faults(world: _World) -> Iterator[Outcome]:
    limits = world.spec.limits
    # Counted in a list: this is asked at every event, and a list counts many trials fast.
    states = [trial.state for trial in world.trials]
    failed = sum(states.count(state) for state in _FAILED)
    initial = limits.max_initial_failures
    if 0 < initial <= failed and not any(state in _SUCCESSFUL for state in states):
        yield _failed(
            "FirstTrialsFailed",
            f"The first {failed} trials that ended have failed "
            f"(limits.maxInitialFailures is {initial}).",
        )
    allowed = limits.max_failed_trials
    if allowed is not None and failed > allowed:
        yield _failed(
            "TooManyFailedTrials",
            f"{failed} trials have failed (limits.maxFailedTrials is {allowed}).",
        )


def _spent(world: _World) -> Iterator[Outcome]:
    limits, combinations, made = world.spec.limits, world.combinations, len(world.trials)
    no_points = combinations is not None and made >= combinations
    no_trials = limits.max_trials is not None and made >= limits.max_trials
    if (no_points or no_trials) and all(trial.state.is_finished for trial in world.trials):
        if no_points:
            yield _judged(
                world, "SearchSpaceExhausted", f"All {combinations} combinations were tried."
            )
        if no_trials:
            yield _judged(
                world,
                "MaxTrialsReached",
                f"{made} trials have ended (limits.maxTrials is {limits.max_trials}).",
            )
    patience = world.spec.completion.not_improving if world.spec.completion else None
    if patience is not None:
        since = trials_since_improvement(world.trials, world.spec.objective, patience.tolerance)
        if since >= patience.trials:
            yield _complete(
                "NotImproving",
                f"The last {since} trials did not improve {world.spec.objective.metric} by more "
                f"than {patience.tolerance:.4g} of its size "
                f"(completion.notImproving.trials is {patience.trials}).",
            )
    if limits.max_runtime is not None and world.elapsed >= parse_duration(limits.max_runtime):
        yield _judged(
            world,
            "MaxRuntimeReached",
            f"The job has run for {limits.max_runtime} (limits.maxRuntime).",
        )


def _judged(world: _World, reason: str, message: str) -> Outcome:
    """Return a good end if there is a result, otherwise a bad one.

    A result is an incumbent, or a trial that runs and has reported: stopped by the end of the job,
    it keeps the value that it had. What a failed trial reported is none.
    """
    unfinished = (trial for trial in world.trials if not trial.state.is_finished)
    objective = world.spec.objective
    if incumbent(world.trials, objective) or any(trial.observations for trial in unfinished):
        return _complete(reason, message)
    return _failed("NoTrialSucceeded", f"{message} No trial has a value of {objective.metric}.")


def _complete(reason: str, message: str) -> Outcome:
    return Outcome(kind=OutcomeKind.COMPLETE, reason=reason, message=message)


def _failed(reason: str, message: str) -> Outcome:
    return Outcome(kind=OutcomeKind.FAILED, reason=reason, message=message)
