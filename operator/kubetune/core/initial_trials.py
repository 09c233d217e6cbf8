"""The points that the user wants tried first: what is wrong with them, and what they become.

Symbols: m the number of initial trials; d the number of parameters.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from kubetune.api.faults import Fault
from kubetune.api.parameters import ParameterSpec, ParameterType, ParameterValue, typed_point
from kubetune.api.placeholders import value_text
from kubetune.api.rule import number_text
from kubetune.api.structure import show, suggestion
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.axis import Axis
from kubetune.core.seeding import uniforms
from kubetune.core.space import Point, SearchSpace, build_space
from kubetune.core.trial import Trial

_RULE = "initial-trial"
_DRAWS = 16
# Whether there are enough points does not depend on the draws.
_ANY_SEED = 0

_Given = tuple[tuple[str, ParameterValue], ...]
"""What the user wrote of one point: names and values, in the parameters' order and types."""
_Key = tuple[ParameterValue | None, ...]


def initial_trial_faults(spec: TuningJobSpec) -> Sequence[Fault]:
    """Return everything that is wrong with the initial trials of a spec whose space is right."""
    faults = [
        fault
        for index, trial in enumerate(spec.initial_trials)
        for fault in _value_faults(spec, trial.parameters, f"{_path(index)}.parameters")
    ]
    if faults or not spec.initial_trials:
        return faults
    given = _given(spec)
    placed = _place(build_space(spec.parameters), given, _ANY_SEED)
    return [_homeless(spec, given, i) for i, point in enumerate(placed) if point is None]


def initial_points(spec: TuningJobSpec, *, seed: int) -> Sequence[Point]:
    """Return the initial points, (m,).

    A parameter that the user left out is drawn, uniformly in the scaled space. No two of the points
    are the same, also where that takes another draw.

    Args:
        spec: The wish, one without `initial_trial_faults`.
        seed: Seed of the run.

    Determinism: a function of its arguments.
    """
    return _points(tuple(spec.parameters), _given(spec), seed)


def untried_points(
    spec: TuningJobSpec, wanted: Sequence[Point], trials: Sequence[Trial]
) -> Sequence[Point]:
    """Return those of the wanted points that no trial has yet, in their order.

    Args:
        spec: The wish.
        wanted: Different points, what the first trials of the run are.
        trials: All trials of the run, by index ascending; indices may be missing.
    """
    if not trials or trials[-1].index + 1 == len(trials):
        # None is missing, so trial i has wanted point i: there is no need to compare them all.
        return wanted[len(trials) :]
    if not wanted:
        return ()
    space = build_space(spec.parameters)
    tried = {space.key(trial.parameters) for trial in trials}
    return [point for point in wanted if space.key(point) not in tried]


def _path(index: int) -> str:
    return f"spec.initialTrials[{index}]"


def _given(spec: TuningJobSpec) -> tuple[_Given, ...]:
    return tuple(
        tuple(typed_point(spec.parameters, trial.parameters).items())
        for trial in spec.initial_trials
    )


@lru_cache(maxsize=64)
def _points(
    parameters: tuple[ParameterSpec, ...], given: tuple[_Given, ...], seed: int
) -> tuple[Point, ...]:
    placed = _place(build_space(parameters), given, seed)
    return tuple(point for point in placed if point is not None)


def _place(space: SearchSpace, given: Sequence[_Given], seed: int) -> list[Point | None]:
    """Return a point for each set of values, no two the same; None for a set that has none left.

    A set takes its first candidate that is free, or that the set which has it gives up for another
    one. So no set goes without a point as long as the points suffice for all.

    Source: Kuhn 1955, "The Hungarian method for the assignment problem"; augmenting paths.
    """
    points: list[Point | None] = [None] * len(given)
    owners: dict[_Key, int] = {}

    def place(index: int, seen: set[_Key]) -> bool:
        for point in _candidates(space, given[index], index, seed, most=len(given)):
            key = space.key(point)
            if key in seen:
                continue
            seen.add(key)
            if key not in owners or place(owners[key], seen):
                owners[key], points[index] = index, point
                return True
        return False

    for index in range(len(given)):
        place(index, set())
    return points


def _candidates(
    space: SearchSpace, given: _Given, index: int, seed: int, *, most: int
) -> Iterator[Point]:
    """Yield points that have the given values: drawn ones, then the first `most` if countable."""
    fixed = dict(given)
    left_out = _without(space, fixed)
    for draw in range(_DRAWS):
        u = uniforms(seed, index, f"initial-trial/{draw}", len(left_out.names))
        yield _in_order(space, {**fixed, **left_out.decode(u)})
    for k in range(min(left_out.size or 0, most)):
        yield _in_order(space, {**fixed, **left_out.point(k)})


def _without(space: SearchSpace, fixed: Mapping[str, ParameterValue]) -> SearchSpace:
    """Return the space of the other parameters."""
    kept = [
        (name, axis)
        for name, axis in zip(space.names, space.axes, strict=True)
        if name not in fixed
    ]
    sizes = [axis.size for _, axis in kept]
    counted = [size for size in sizes if size is not None]
    return SearchSpace(
        names=tuple(name for name, _ in kept),
        axes=tuple(axis for _, axis in kept),
        size=math.prod(counted) if len(counted) == len(sizes) else None,
    )


def _in_order(space: SearchSpace, point: Point) -> Point:
    return {name: point[name] for name in space.names}


def _homeless(spec: TuningJobSpec, given: Sequence[_Given], index: int) -> Fault:
    first = given.index(given[index])
    if first < index and len(given[index]) == len(spec.parameters):
        words = f"repeats {_path(first)}: remove one of them"
    else:
        words = (
            "leaves no point for itself, because other initial trials take all that have its "
            "values: remove it, or leave more of its parameters out"
        )
    return Fault(path=_path(index), message=f"{_path(index)} {words}", rule=_RULE)


def _value_faults(spec: TuningJobSpec, values: Mapping[str, Any], path: str) -> Iterator[Fault]:
    space = build_space(spec.parameters)
    known = {p.name: (p, axis) for p, axis in zip(spec.parameters, space.axes, strict=True)}
    for name, value in values.items():
        at = f"{path}.{name}"
        if name in known:
            words = _complaint(*known[name], value)
        else:
            words = f"is not a parameter of this job: {suggestion(name, space.names)}"
        if words is not None:
            yield Fault(path=at, message=f"{at} {words}", rule=_RULE)


def _complaint(parameter: ParameterSpec, axis: Axis, value: Any) -> str | None:
    """Return what is wrong with a value; None if nothing."""
    said = f"is {show(value)} but must be"
    if parameter.type is ParameterType.CATEGORICAL:
        known = parameter.values or ()
        if value in known:
            return None
        is_text = isinstance(value, str)
        return f"{said} {'one of ' + ', '.join(known) if is_text else 'a text: write it in quotes'}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        quoted = ": write it without quotes" if isinstance(value, str) else ""
        return f"{said} a number{quoted}"
    wanted = _wanted_number(parameter, axis, value)
    return None if wanted is None else f"{said} {wanted}"


def _wanted_number(parameter: ParameterSpec, axis: Axis, value: float) -> str | None:
    """Return what a number should be instead; None if it is right."""
    # In this order, NaN becomes the lower bound.
    inside = min(max(parameter.min or 0, value), parameter.max or 0)
    bounds = f"from {value_text(axis.decode(0))} to {value_text(axis.decode(1))}"
    if axis.size is None:
        return None if inside == value else f"{bounds}: correct it, or widen the range"
    if inside == value and axis.number(value) is not None:
        return None
    is_default = parameter.type is ParameterType.INTEGER and parameter.step in (None, 1)
    steps = "" if is_default else f" in steps of {number_text(parameter.step or 1)}"
    whole = "a whole number " if is_default else ""
    return f"{whole}{bounds}{steps}: use {value_text(axis.decode(axis.encode(inside)))}"
