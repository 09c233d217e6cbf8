"""What trials report, distrusted: from the Trial, the pod's annotation, the collector's last words.

All three are written by code that we do not control. Steps are whole and ascending, values are
finite or named as not finite, and the number of observations is bounded before anybody uses them.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from kubetune.api.tuningjob import FinalValue, Goal, ObjectiveSpec
from kubetune.core.objective import to_score
from kubetune.core.trial import Observation
from kubetune.kube import objects

MAX_OBSERVATIONS = 200
_MAX_STEP = 2**53
_MAX_METRICS = 30
_MAX_NAME = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class LastWords:
    """What the collector left in its termination message.

    Attributes:
        observations: The last ones, ascending by step; perhaps not all.
        tail: The last lines that the training code printed.
        whole: False when the collector could not read or report everything.
    """

    observations: tuple[objects.Observation, ...] = ()
    tail: tuple[str, ...] = ()
    whole: bool = True


NO_WORDS = LastWords(whole=False)
"""Of a collector that was killed before it could say anything."""


def read_last_words(text: str) -> LastWords:
    """Return what a termination message says; nothing when it is not the collector's JSON."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return NO_WORDS
    if not isinstance(content, dict):
        return NO_WORDS
    tail = content.get("tail")
    lines = tail if isinstance(tail, list) else []
    listed = content.get("observations")
    reports = listed if isinstance(listed, list) else []
    return LastWords(
        observations=tuple(o for o in map(_from_collector, reports) if o is not None),
        tail=tuple(str(line) for line in lines),
        # Collectors of earlier versions do not say.
        whole=content.get("whole") is not False,
    )


def read_annotation(text: str, *, now: datetime) -> tuple[tuple[objects.Observation, ...], str]:
    """Return the observations of a `kubetune.dev/metrics` annotation, and what is wrong with it.

    The annotation is a JSON object such as {"step": 3, "val_accuracy": 0.9}, or a list of those;
    `epoch` may stand for `step`. Numbers may be NaN or Infinity.

    Returns:
        Observations ascending by step, and a sentence for a person ("" if all is well).
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        return (), f"the annotation is not JSON: {error}"
    reports = content if isinstance(content, list) else [content]
    found: list[objects.Observation] = []
    for report in reports:
        observation = _from_report(report, now)
        if observation is None:
            return (
                _ascending(found),
                f'{json.dumps(report)[:200]} is not an object such as {{"step": 3, "loss": 0.1}}',
            )
        found.append(observation)
    return _ascending(found), ""


def merge(
    known: Sequence[objects.Observation],
    reported: Sequence[objects.Observation],
    *,
    objective: ObjectiveSpec,
    keep: Iterable[int] = (),
) -> tuple[objects.Observation, ...]:
    """Return both, one observation per step, ascending, thinned to a bounded number.

    Args:
        known: What was known before; a later report of the same step replaces its metrics.
        reported: What is new.
        objective: Whose best value so far survives the thinning, at the end and at each rung.
        keep: Rungs; the first observation at or past each survives the thinning.
    """
    by_step = {observation.step: observation for observation in known}
    for new in reported:
        old = by_step.get(new.step)
        if old is not None:
            new = msgspec.structs.replace(  # noqa: PLW2901  the merged one takes its place
                new,
                time=old.time,
                metrics={
                    name: value
                    for name, value in {**old.metrics, **new.metrics}.items()
                    if name not in new.non_finite
                },
                non_finite={
                    name: word
                    for name, word in {**old.non_finite, **new.non_finite}.items()
                    if name not in new.metrics
                },
            )
        by_step[new.step] = new
    ordered = tuple(_limited(o, objective) for o in _ascending(by_step.values()))
    return _thin(ordered, objective, keep)


def objective_observations(
    observations: Sequence[objects.Observation], metric: str
) -> tuple[Observation, ...]:
    """Return the finite observations of the objective, as the search sees them."""
    return tuple(
        Observation(step=observation.step, value=observation.metrics[metric])
        for observation in _ascending(observations)
        if math.isfinite(observation.metrics.get(metric, math.nan))
    )


def final_value(
    observations: Sequence[objects.Observation], objective: ObjectiveSpec
) -> float | str | None:
    """Return the trial's final value; the word for it where it is not finite; None without one."""
    ordered = _ascending(observations)
    finite = objective_observations(ordered, objective.metric)
    words = [o for o in ordered if objective.metric in o.non_finite]
    if objective.value is FinalValue.BEST and finite:
        pick = max if objective.goal is Goal.MAXIMIZE else min
        return pick(observation.value for observation in finite)
    if words and (not finite or words[-1].step > finite[-1].step):
        return words[-1].non_finite[objective.metric]
    return finite[-1].value if finite else None


def _from_collector(report: Any) -> objects.Observation | None:
    try:
        return msgspec.convert(report, objects.Observation)
    except (msgspec.ValidationError, TypeError):
        return None


def _from_report(report: Any, now: datetime) -> objects.Observation | None:
    if not isinstance(report, Mapping):
        return None
    step = report.get("step", report.get("epoch"))
    if isinstance(step, bool) or not isinstance(step, int | float) or step != step // 1:
        return None
    metrics: dict[str, float] = {}
    non_finite: dict[str, str] = {}
    for name, value in report.items():
        if name in ("step", "epoch") or isinstance(value, bool):
            continue
        if isinstance(value, int | float):
            try:
                number = float(value)
            except OverflowError:
                number = math.inf
            if math.isfinite(number):
                metrics[str(name)[:_MAX_NAME]] = number
            else:
                non_finite[str(name)[:_MAX_NAME]] = _word(number)
    return objects.Observation(step=int(step), time=now, metrics=metrics, non_finite=non_finite)


def _word(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


def _ascending(observations: Iterable[objects.Observation]) -> tuple[objects.Observation, ...]:
    usable = (o for o in observations if 0 <= o.step <= _MAX_STEP)
    return tuple(sorted(usable, key=lambda observation: observation.step))


def _limited(observation: objects.Observation, objective: ObjectiveSpec) -> objects.Observation:
    """Return the observation with the metrics that were asked for, and a few more."""
    if len(observation.metrics) + len(observation.non_finite) <= _MAX_METRICS:
        return observation
    asked = {objective.metric, *objective.additional_metrics}
    return msgspec.structs.replace(
        observation,
        metrics={n: v for n, v in observation.metrics.items() if n in asked},
        non_finite={n: w for n, w in observation.non_finite.items() if n in asked},
    )


def _thin(
    ordered: tuple[objects.Observation, ...], objective: ObjectiveSpec, keep: Iterable[int]
) -> tuple[objects.Observation, ...]:
    """Drop every second observation until few enough are left, but never one that matters."""
    if len(ordered) <= MAX_OBSERVATIONS:
        return ordered
    ends = {ordered[0].step, ordered[-1].step}
    for limit in (*keep, ordered[-1].step):
        at = next((i for i, o in enumerate(ordered) if o.step >= limit), None)
        if at is not None:
            ends |= {ordered[at].step, _best_step(ordered[: at + 1], objective)}
    thinned = ordered
    while len(thinned) > MAX_OBSERVATIONS:
        shorter = tuple(o for i, o in enumerate(thinned) if i % 2 == 0 or o.step in ends)
        if len(shorter) == len(thinned):
            return thinned[-MAX_OBSERVATIONS:]
        thinned = shorter
    return thinned


def _best_step(ordered: Sequence[objects.Observation], objective: ObjectiveSpec) -> int:
    finite = objective_observations(ordered, objective.metric)
    if not finite:
        return ordered[-1].step
    return max(finite, key=lambda o: to_score(o.value, objective.goal)).step
