"""When a tuning job ends, and whether that is good: each end with a reason and its numbers.

Several ends may hold at once, for example after the operator was away. The first of this list is
the one that is told; wishes come first, then faults, then what would have ended the job anyway:

StoppedByUser         Complete  spec.stop
TargetReached         Complete  the incumbent is at least as good as completion.target
FirstTrialsFailed     Failed    limits.maxInitialFailures trials failed and none succeeded yet
TooManyFailedTrials   Failed    more than limits.maxFailedTrials failed
SearchSpaceExhausted  Complete  every point of a finite space was tried and has ended (*)
MaxTrialsReached      Complete  limits.maxTrials trials were made and have ended (*)
Converged             Complete  the search has converged and completion.convergence wants that end
NotImproving          Complete  completion.notImproving.trials in a row did not improve the best
MaxGpuHoursReached    Complete  the trials have used limits.maxGpuHours GPU-hours
MaxRuntimeReached     Complete  limits.maxRuntime has passed

(*) or are Paused, and none of these is to go on.

The two that ran out of points or trials and the two that ran out of time are failures with the
reason NoTrialSucceeded where no trial has a value.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kubetune.api.durations import parse_duration
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.warm_start import WarmStartType
from kubetune.core.decision import Convergence, EndEvidence, Outcome, OutcomeKind
from kubetune.core.gpus import gpu_hours_used, until_spent
from kubetune.core.objective import incumbent, to_score, trials_since_improvement
from kubetune.core.trial import Trial

_FAILED = (TrialState.FAILED, TrialState.METRICS_UNAVAILABLE)
_SUCCESSFUL = (TrialState.SUCCEEDED, TrialState.EARLY_STOPPED, TrialState.PAUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _World:
    """What the ends look at.

    Attributes:
        spec: The wish.
        trials: All trials of the run.
        combinations: Number of points of the search space; None if infinite.
        started_at: Start of the run.
        now: The present.
        convergence: When the search was seen to have converged; None if it has not.
        can_promote: True if a Paused trial is to go on.
        left_behind: Indices of Paused trials that are not to go on as it stands.
    """

    spec: TuningJobSpec
    trials: Sequence[Trial]
    combinations: int | None
    started_at: datetime
    now: datetime
    convergence: Convergence | None
    can_promote: bool
    left_behind: Collection[int]

    def evidence(
        self, rule: str, measure: str, value: float, threshold: float, trial: str | None = None
    ) -> EndEvidence:
        """Return the numbers behind an end; the population is that of the finished trials."""
        return EndEvidence(
            rule=rule,
            measure=measure,
            value=value,
            threshold=threshold,
            population=sum(trial.state.is_finished for trial in self.trials),
            trial=trial,
        )


def find_end(
    spec: TuningJobSpec,
    trials: Sequence[Trial],
    *,
    combinations: int | None,
    started_at: datetime,
    now: datetime,
    convergence: Convergence | None = None,
    can_promote: bool = False,
    left_behind: Collection[int] = (),
) -> Outcome | None:
    """Return the end of the job, or None if it goes on.

    Args:
        spec: The wish.
        trials: All trials of the run, in any order.
        combinations: Number of points of the search space; None if infinite.
        started_at: Start of the run.
        now: The present.
        convergence: When the search was seen to have converged; None if it has not.
        can_promote: True if a Paused trial is to go on.
        left_behind: Indices of Paused trials that are not to go on as it stands.
    """
    world = _World(
        spec=spec,
        trials=trials,
        combinations=combinations,
        started_at=started_at,
        now=now,
        convergence=convergence,
        can_promote=can_promote,
        left_behind=left_behind,
    )
    return next(_ends(world), None)


def time_left(
    spec: TuningJobSpec, trials: Sequence[Trial], *, started_at: datetime, now: datetime
) -> timedelta | None:
    """Return the time until maxRuntime or maxGpuHours ends the job if nothing else happens.

    Negative after maxRuntime; None without either.
    """
    ends = [until_spent(spec, trials, now=now)]
    if spec.limits.max_runtime is not None:
        ends.append(started_at + parse_duration(spec.limits.max_runtime) - now)
    return min((end for end in ends if end is not None), default=None)


def _ends(world: _World) -> Iterator[Outcome]:
    """Yield every end that holds now, in the order of the module's table."""
    yield from _wishes(world)
    yield from _faults(world)
    yield from _used_up(world)
    yield from _enough(world)
    yield from _spent(world)


def _wishes(world: _World) -> Iterator[Outcome]:
    spec = world.spec
    if spec.stop:
        yield Outcome(
            kind=OutcomeKind.COMPLETE,
            reason="StoppedByUser",
            message="The job was stopped by its user (spec.stop).",
        )
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
            world.evidence("target/v1", "objective", best.value, target, best.name),
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
            world.evidence("first-failures/v1", "failedTrials", failed, initial),
        )
    allowed = limits.max_failed_trials
    if allowed is not None and failed > allowed:
        yield _failed(
            "TooManyFailedTrials",
            f"{failed} trials have failed (limits.maxFailedTrials is {allowed}).",
            world.evidence("failures/v1", "failedTrials", failed, allowed),
        )


def _used_up(world: _World) -> Iterator[Outcome]:
    """Yield the ends of a job that has no points or no trials left."""
    limits, combinations, made = world.spec.limits, world.combinations, len(world.trials)
    no_points = combinations is not None and made >= combinations
    no_trials = limits.max_trials is not None and made >= limits.max_trials
    # Asked at every event: the trials are looked at last.
    if not (no_points or no_trials) or world.can_promote:
        return
    if any(not trial.state.is_idle for trial in world.trials):
        return
    if combinations is not None and no_points:
        yield _judged(
            world,
            "SearchSpaceExhausted",
            f"All {combinations} combinations{_left(world.spec)} were tried.",
            world.evidence("combinations/v1", "trials", made, combinations),
        )
    if limits.max_trials is not None and no_trials:
        yield _judged(
            world,
            "MaxTrialsReached",
            f"{made} trials have ended (limits.maxTrials is {limits.max_trials}).",
            world.evidence("trials/v1", "trials", made, limits.max_trials),
        )


def _enough(world: _World) -> Iterator[Outcome]:
    """Yield the ends of a job that is not expected to get better."""
    completion, found = world.spec.completion, world.convergence
    if completion is None:
        return
    metric = world.spec.objective.metric
    if completion.convergence and found is not None:
        yield _complete(
            "Converged",
            f"No point is expected to be better than the best known by more than "
            f"{found.regret:.4g} {metric}, where {found.threshold:.4g} is the least that counts; "
            f"first seen after trial {found.trial} (completion.convergence).",
            world.evidence(found.rule, "regret", found.regret, found.threshold, found.trial),
        )
    patience = completion.not_improving
    if patience is None:
        return
    since = trials_since_improvement(
        world.trials, world.spec.objective, patience.tolerance, left_behind=world.left_behind
    )
    if since >= patience.trials:
        yield _complete(
            "NotImproving",
            f"The last {since} trials did not improve {metric} by more "
            f"than {patience.tolerance:.4g} of its size "
            f"(completion.notImproving.trials is {patience.trials}).",
            world.evidence("not-improving/v1", "trialsSinceImprovement", since, patience.trials),
        )


def _spent(world: _World) -> Iterator[Outcome]:
    """Yield the ends of a job that has had its time."""
    limits = world.spec.limits
    if limits.max_gpu_hours is not None:
        used = gpu_hours_used(world.spec, world.trials, now=world.now)
        if used >= limits.max_gpu_hours:
            yield _judged(
                world,
                "MaxGpuHoursReached",
                f"The trials have used {used:.4g} GPU-hours "
                f"(limits.maxGpuHours is {limits.max_gpu_hours:g}).",
                world.evidence("gpu-hours/v1", "gpuHours", used, limits.max_gpu_hours),
            )
    if limits.max_runtime is None:
        return
    elapsed, allowed = world.now - world.started_at, parse_duration(limits.max_runtime)
    if elapsed >= allowed:
        yield _judged(
            world,
            "MaxRuntimeReached",
            f"The job has run for {limits.max_runtime} (limits.maxRuntime).",
            world.evidence(
                "runtime/v1", "seconds", elapsed.total_seconds(), allowed.total_seconds()
            ),
        )


def _left(spec: TuningJobSpec) -> str:
    """Say that points which are known from elsewhere do not count."""
    start = spec.warm_start
    is_known = start is not None and start.type is WarmStartType.IDENTICAL
    return " that spec.warmStart left" if is_known else ""


def _judged(world: _World, reason: str, message: str, evidence: EndEvidence) -> Outcome:
    """Return a good end if there is a result, otherwise a bad one.

    A result is an incumbent, or a trial that runs and has reported: stopped by the end of the job,
    it keeps the value that it had. What a failed trial reported is none.
    """
    unfinished = (trial for trial in world.trials if not trial.state.is_finished)
    objective = world.spec.objective
    if incumbent(world.trials, objective) or any(trial.observations for trial in unfinished):
        return _complete(reason, message, evidence)
    words = f"{message} No trial has a value of {objective.metric}."
    return _failed("NoTrialSucceeded", words, evidence)


def _complete(reason: str, message: str, evidence: EndEvidence) -> Outcome:
    return Outcome(kind=OutcomeKind.COMPLETE, reason=reason, message=message, evidence=evidence)


def _failed(reason: str, message: str, evidence: EndEvidence) -> Outcome:
    return Outcome(kind=OutcomeKind.FAILED, reason=reason, message=message, evidence=evidence)
