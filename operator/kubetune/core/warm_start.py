"""What a job takes over from its parents: which points, which of them are tried first or never.

Symbols: n the number of a parent's points; d the number of parameters.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubetune.api.faults import Fault
from kubetune.api.parameters import ParameterType, ParameterValue, typed_point
from kubetune.api.structure import show
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.warm_start import WarmStartType
from kubetune.core.objective import to_score
from kubetune.core.space import SearchSpace, build_space
from kubetune.core.trial import Trial

_RULE = "warm-start"

MOST_POINTS = 500
"""Points of one parent that count, at most: what bounds memory and a surrogate's time."""
_BEST_SHARE = 0.4

_RETRIED = 3
# Good points closer than this in every parameter, as shares of the range, say the same.
_APART = 0.1
# Of the values that a parent tried: so near to what a parameter is fixed at now must a point be.
_NEAR = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentPoint:
    """One succeeded trial of a parent.

    Attributes:
        trial: Name of the Trial.
        parameters: Values of this job's parameters, in their order; may be outside its ranges.
        value: Final value as reported, finite.
    """

    trial: str
    parameters: Mapping[str, ParameterValue]
    value: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParentRun:
    """A finished run of another job, as this job sees it. Compared by identity.

    Attributes:
        tuning_job: Name of the TuningJob.
        points: Its points, the best first; at most MOST_POINTS.
    """

    tuning_job: str
    points: tuple[ParentPoint, ...]


def warm_start_faults(spec: TuningJobSpec) -> Iterator[Fault]:
    """Yield what is wrong with warmStart, as far as that can be said without the parents."""
    kinds = {parameter.name: parameter.type for parameter in spec.parameters}
    fixed = spec.warm_start.fixed if spec.warm_start else {}
    for name, value in fixed.items():
        path = f"spec.warmStart.fixed.{name}"
        if name in kinds and not _fits(kinds[name], value):
            yield Fault(path=path, message=f"{path} {_misfit(kinds[name], value)}", rule=_RULE)


def differences(spec: TuningJobSpec, name: str, parent: TuningJobSpec) -> Iterator[str]:
    """Yield each difference for which a job cannot be a parent, with the remedy.

    Args:
        spec: The job that warm-starts, with warmStart.
        name: Name of the parent.
        parent: Its spec.
    """
    at = f"spec.warmStart.from[{name}]"
    mine, its = spec.objective, parent.objective
    if its.metric != mine.metric:
        yield (
            f"{at} optimises the metric {its.metric}, this job {mine.metric}: values of different "
            "metrics can't be compared, so leave it out"
        )
    if its.goal is not mine.goal:
        yield f"{at} has the goal {its.goal}, this job {mine.goal}: leave it out"
    here = {parameter.name: parameter.type for parameter in spec.parameters}
    there = {parameter.name: parameter.type for parameter in parent.parameters}
    fixed = spec.warm_start.fixed if spec.warm_start else {}
    for parameter, kind in here.items():
        if parameter not in there and parameter not in fixed:
            yield (
                f"{at} does not tune {parameter}, this job does: write into spec.warmStart.fixed "
                "the value that it had there"
            )
        elif there.get(parameter, kind) is not kind:
            yield (
                f"{at} has the parameter {parameter} as {there[parameter]}, this job as {kind}: "
                "the types must be the same, so leave it out"
            )
    for parameter, kind in there.items():
        if parameter in here:
            continue
        if parameter not in fixed:
            yield (
                f"{at} tunes {parameter}, this job does not: write into spec.warmStart.fixed the "
                "value that it has here, or tune it"
            )
        elif not _fits(kind, fixed[parameter]):
            yield f"spec.warmStart.fixed.{parameter} {_misfit(kind, fixed[parameter])}"


def needless_fixed(spec: TuningJobSpec, parents: Sequence[TuningJobSpec]) -> Iterator[str]:
    """Yield what is wrong with values in warmStart.fixed that no parent asks for."""
    mine = {parameter.name for parameter in spec.parameters}
    needed = {name for parent in parents for name in mine ^ {p.name for p in parent.parameters}}
    for name in spec.warm_start.fixed if spec.warm_start else ():
        if name not in needed:
            yield (
                f"spec.warmStart.fixed.{name} is needed for no parent: it is for parameters that "
                "only this job or only a parent tunes, so remove it or correct the name"
            )


def make_parent(spec: TuningJobSpec, tuning_job: str, trials: Sequence[Trial]) -> ParentRun:
    """Return a parent as the job sees it.

    Only trials that succeeded count: what a trial reported before it was stopped is no final value.
    Of more than MOST_POINTS points the best are kept, and of the others evenly many of every rank,
    so that what is bad stays known as well.

    Args:
        spec: The job that warm-starts, with warmStart.
        tuning_job: Name of the parent.
        trials: All trials of the parent's run, with its own parameters.
    """
    goal = spec.objective.goal
    points = [
        ParentPoint(trial=trial.name, parameters=point, value=trial.value)
        for trial, point in _translated(spec, trials)
        if trial.value is not None
    ]
    points.sort(key=lambda point: (-to_score(point.value, goal), point.trial))
    return ParentRun(tuning_job=tuning_job, points=tuple(thinned(points, MOST_POINTS)))


def known_points(spec: TuningJobSpec, parents: Sequence[ParentRun]) -> Sequence[ParentPoint]:
    """Return the parents' points that count as tried by this job: those inside its space.

    None with TransferLearning, where a value of a parent is not what this job would measure. Of
    points that several parents have, the first stands for all.
    """
    if spec.warm_start is None or spec.warm_start.type is WarmStartType.TRANSFER:
        return ()
    space = build_space(spec.parameters)
    inside = (p for run in parents for p in run.points if space.contains(p.parameters))
    return list({space.key(point.parameters): point for point in inside}.values())


def retried_points(
    spec: TuningJobSpec, parents: Sequence[ParentRun]
) -> Sequence[tuple[str, ParentPoint]]:
    """Return what this job tries first with TransferLearning: names of parents, and their points.

    The best of each parent, then the second best and so on, each a point of this job's space and
    apart from those before it.
    """
    if spec.warm_start is None or spec.warm_start.type is WarmStartType.IDENTICAL:
        return ()
    space = build_space(spec.parameters)
    queues = [
        (run.tuning_job, iter([p for p in run.points if space.contains(p.parameters)]))
        for run in parents
    ]
    chosen: list[tuple[str, ParentPoint]] = []
    while queues and len(chosen) < _RETRIED:
        name, queue = queues.pop(0)
        others = [point.parameters for _, point in chosen]
        for point in queue:
            if all(_are_apart(space, point.parameters, other) for other in others):
                chosen.append((name, point))
                queues.append((name, queue))
                break
    return chosen


def _translated(
    spec: TuningJobSpec, trials: Sequence[Trial]
) -> Iterator[tuple[Trial, dict[str, ParameterValue]]]:
    """Yield succeeded trials with the values of this job's parameters."""
    fixed = spec.warm_start.fixed if spec.warm_start else {}
    names = [parameter.name for parameter in spec.parameters]
    done = [trial for trial in trials if trial.state is TrialState.SUCCEEDED]
    gone = {name: value for name, value in fixed.items() if name not in names}
    spans = {name: _span([trial.parameters.get(name) for trial in done]) for name in gone}
    for trial in done:
        point = typed_point(spec.parameters, {**fixed, **trial.parameters})
        near = (_is_near(trial.parameters.get(n), value, spans[n]) for n, value in gone.items())
        if all(name in point for name in names) and all(near):
            yield trial, {name: point[name] for name in names}


def _span(values: Sequence[ParameterValue | None]) -> float:
    numbers = [value for value in values if isinstance(value, int | float)]
    return max(numbers) - min(numbers) if numbers else 0.0


def _is_near(value: ParameterValue | None, fixed: Any, span: float) -> bool:
    """Whether a point says something about a job that fixes a parameter; None: it has no such."""
    if isinstance(value, int | float) and isinstance(fixed, int | float):
        return abs(value - fixed) <= _NEAR * span
    return value is None or value == fixed


def thinned(points: Sequence[ParentPoint], most: int) -> Sequence[ParentPoint]:
    """Return at most so many of points that come best first: the best, and some of every rank."""
    if len(points) <= most:
        return points
    best = int(most * _BEST_SHARE)
    others, wanted = len(points) - best, most - best
    return [*points[:best], *(points[best + k * others // wanted] for k in range(wanted))]


def _are_apart(
    space: SearchSpace, first: Mapping[str, ParameterValue], second: Mapping[str, ParameterValue]
) -> bool:
    pairs = zip(space.encode(first), space.encode(second), strict=True)
    return any(abs(one - other) > _APART for one, other in pairs)


def _fits(kind: ParameterType, value: Any) -> bool:
    if kind is ParameterType.CATEGORICAL:
        return isinstance(value, str)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _misfit(kind: ParameterType, value: Any) -> str:
    wanted = "a text, in quotes" if kind is ParameterType.CATEGORICAL else "a number"
    return f"is {show(value)} but must be {wanted}, because the parameter is {kind}"
