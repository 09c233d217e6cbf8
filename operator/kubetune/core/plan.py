"""What a spec means before the first trial: its size, its rungs, and what is wrong with it.

Only what the rules in the schema cannot say is checked here: they cannot count combinations.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from kubetune.api.durations import parse_duration
from kubetune.api.strategy import FoundHyperbandSettings, HyperbandSettings, StrategyType
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.tuningjob_status import MaxResourcePlan, PlanStatus, RungPlan
from kubetune.core.brackets import bracket_count
from kubetune.core.gpus import most_gpus
from kubetune.core.initial_trials import initial_trial_faults
from kubetune.core.rungs import bracket_sizes, levels_of
from kubetune.core.space import build_space
from kubetune.core.warm_start import ParentRun, known_points, warm_start_faults
from kubetune.errors import SearchSpaceError

MAX_GRID = 100_000
# Status is JSON; beyond this not every reader of JSON keeps integers exactly.
_LARGEST_COUNT = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a spec is not accepted.

    Attributes:
        reason: One CamelCase word for programs.
        message: The same for a person, with the remedy.
        path: The field that it is about.
    """

    reason: str
    message: str
    path: str = "spec"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a spec means.

    Attributes:
        status: The numbers, as they go into the status.
        note: What the user should know at once though it is no fault; None if nothing.
    """

    status: PlanStatus
    note: str | None = None


def check(spec: TuningJobSpec) -> tuple[Problem, ...]:
    """Return everything that is wrong with the spec; empty if it can run."""
    try:
        combinations = build_space(spec.parameters).size
    except SearchSpaceError as error:
        return (Problem(reason="InvalidSearchSpace", message=str(error)),)
    return (
        *_grid_problems(spec, combinations),
        *(
            Problem(reason="InvalidInitialTrials", message=fault.message, path=fault.path)
            for fault in initial_trial_faults(spec)
        ),
        *(
            Problem(reason="InvalidWarmStart", message=fault.message, path=fault.path)
            for fault in warm_start_faults(spec)
        ),
    )


def plan(spec: TuningJobSpec, *, parents: Sequence[ParentRun] = ()) -> Plan:
    """Return the numbers of a spec that `check` found right.

    Args:
        spec: The wish.
        parents: What the job takes over: points that are known from there are not tried.
    """
    combinations = build_space(spec.parameters).size
    left = None if combinations is None else combinations - len(known_points(spec, parents))
    counts = [n for n in (spec.limits.max_trials, left) if n is not None]
    trials = _countable(min(counts, default=None))
    hyperband = spec.strategy.hyperband
    share = 1.0 if hyperband is None else share_used(hyperband)
    steps = None if hyperband is None or trials is None else trials * _most_steps(hyperband)
    hours, is_by_trial = _max_gpu_hours(spec, trials)
    status = PlanStatus(
        combinations=_countable(combinations),
        trials=trials,
        max_resource=None if hyperband is None else _max_resource(hyperband),
        rungs=[] if hyperband is None else _rung_table(hyperband),
        max_steps=_countable(steps),
        expected_steps=_countable(None if steps is None else round(steps * share)),
        max_gpu_hours=hours,
        expected_gpu_hours=hours * share if hours and is_by_trial and hyperband else None,
    )
    return Plan(status=status, note=_note(spec, combinations))


def share_used(settings: HyperbandSettings) -> float:
    """Return the share of a whole trial's steps that a trial uses on average, 0 < share <= 1.

    In a bracket that begins at the rung b a trial gets l_b steps for certain, and those from one
    rung to the next with η^-1, η^-2, …: every rung lets exactly its share go on. Brackets count by
    their sizes. Less is stopped while a rung has few values, so short jobs use more. Where promoted
    trials restart, each rung costs all of its steps anew.

    Symbols: R the largest resource, η the reduction factor, l_k the steps of rung k.
    """
    levels = levels_of(settings)
    sizes = bracket_sizes(len(levels), bracket_count(settings), settings.reduction_factor)
    steps = 0.0
    for bracket, size in enumerate(sizes):
        own = (0, *levels[bracket:])
        steps += size * sum(
            (later if settings.restart_promoted else later - earlier) / settings.reduction_factor**k
            for k, (earlier, later) in enumerate(pairwise(own))
        )
    return steps / (sum(sizes) * _most_steps(settings))


def _countable(count: int | None) -> int | None:
    return count if count is not None and count <= _LARGEST_COUNT else None


def _max_gpu_hours(spec: TuningJobSpec, trials: int | None) -> tuple[float | None, bool]:
    """Return the GPU-hours at most, None if unknown, and whether it is the trials that bound them.

    Three things bound them: the limit itself, the run time with all places taken, and the time that
    each trial may take.
    """
    gpus, limits = most_gpus(spec), spec.limits
    if gpus == 0:
        return None, False
    bounds: list[tuple[float, bool]] = []
    if limits.max_gpu_hours is not None:
        bounds.append((limits.max_gpu_hours, False))
    if limits.max_runtime is not None:
        hours = parse_duration(limits.max_runtime) / timedelta(hours=1)
        bounds.append((hours * limits.max_parallel_trials * gpus, False))
    job = spec.trial.template["spec"]
    deadlines = [part.get("activeDeadlineSeconds") for part in (job, job["template"]["spec"])]
    seconds = [deadline for deadline in deadlines if type(deadline) is int and deadline >= 0]
    if seconds and trials is not None:
        bounds.append((trials * min(seconds) * gpus / 3600, True))
    return min(bounds, default=(None, False))


def _note(spec: TuningJobSpec, combinations: int | None) -> str | None:
    wanted = spec.limits.max_trials
    if wanted is None:
        return None
    notes = []
    if combinations is not None and combinations < wanted:
        notes.append(
            f"The search space has only {combinations} points, fewer than limits.maxTrials "
            f"({wanted}); the job is complete when each was tried once."
        )
    given = len(spec.initial_trials)
    if given > wanted:
        notes.append(
            f"There are {given} initialTrials but limits.maxTrials is {wanted}; the last "
            f"{given - wanted} of them will not be tried."
        )
    return " ".join(notes) or None


def _most_steps(settings: HyperbandSettings) -> int:
    """Return the steps of a trial that reaches the last rung."""
    return sum(levels_of(settings)) if settings.restart_promoted else settings.top


def _max_resource(settings: HyperbandSettings) -> MaxResourcePlan:
    found_in = settings.found_in if isinstance(settings, FoundHyperbandSettings) else None
    return MaxResourcePlan(steps=settings.top, found_in=found_in)


def _rung_table(settings: HyperbandSettings) -> list[RungPlan]:
    *judged, top = levels_of(settings)
    share = f"1/{settings.reduction_factor}"
    return [
        *(RungPlan(step=level, share=share) for level in judged),
        RungPlan(step=top, share="end"),
    ]


def _grid_problems(spec: TuningJobSpec, combinations: int | None) -> Iterator[Problem]:
    if spec.strategy.type is not StrategyType.GRID:
        return
    if combinations is None:
        yield Problem(
            reason="GridNotFinite",
            message="strategy Grid needs a step for every Float parameter; set step, or use Random",
        )
        return
    if combinations > MAX_GRID:
        yield Problem(
            reason="GridTooLarge",
            message=f"the grid has {combinations} combinations, more than {MAX_GRID}; use larger "
            "steps or fewer values, or use Random",
        )
    wanted = spec.limits.max_trials
    if wanted is not None and wanted != combinations:
        yield Problem(
            reason="GridSizeMismatch",
            message=f"the grid has {combinations} combinations but limits.maxTrials is {wanted}; "
            f"set limits.maxTrials to {combinations} or leave it out",
        )
