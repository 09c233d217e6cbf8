"""What the operator tells one collector: read once from the environment, checked, then frozen.

The operator writes these variables into the sidecar and is the only author of them, so a fault here
is a bug of the operator and not of a user; it is still named clearly, because somebody will read it
in a pod's log.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

TERMINATION_LOG = "/dev/termination-log"
LARGEST_STEP = 2**53 - 1
"""The largest step: every JSON reader on the way keeps integers up to here exactly."""

_SOURCES = ("Stdout", "File")
_GOALS = ("Maximize", "Minimize")


class SettingsError(ValueError):
    """Raised by `read_settings`: the environment describes no collector; the process ends."""


class Pattern(NamedTuple):
    """A user's regular expression: group ``value``, and optionally group ``step``."""

    metric: str
    regex: re.Pattern[str]


class Settings(NamedTuple):
    """Everything that one collector needs to know.

    Attributes:
        namespace: Where the Trial and its pod are.
        trial: Name of the Trial that this collector reports for.
        pod: Name of its own pod, whose log it follows; empty with source File.
        source: ``Stdout`` or ``File``.
        container: The training container, for Stdout.
        path: The file to read, for File; None for Stdout.
        objective: Name of the objective metric.
        maximize: True when a larger objective value is better.
        metrics: All metrics to record, the objective first, each once.
        patterns: The user's patterns; when there are any, they replace the default format.
        rungs: Steps (ascending) at which the operator compares trials; may be empty.
        termination_log: Where the termination message goes.
        trained: Steps that an earlier attempt has trained; steps that nobody names count on from
            there.
    """

    namespace: str
    trial: str
    pod: str
    source: str
    container: str
    path: str | None
    objective: str
    maximize: bool
    metrics: tuple[str, ...]
    patterns: tuple[Pattern, ...]
    rungs: tuple[int, ...]
    termination_log: str
    trained: int = 0


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the collector's settings from environment variables.

    Raises:
        SettingsError: A variable is missing or malformed; the message names it.
    """
    collect = _collect(environ)
    source = _one_of(collect, "source", _SOURCES, default="Stdout")
    goal = _one_of(collect, "goal", _GOALS, default="Maximize")
    objective = _text(collect, "objective")
    metrics = dict.fromkeys([objective, *collect.get("metrics", ())])
    return Settings(
        namespace=_variable(environ, "KUBETUNE_NAMESPACE"),
        trial=_variable(environ, "KUBETUNE_TRIAL"),
        pod=_variable(environ, "KUBETUNE_POD_NAME") if source == "Stdout" else "",
        source=source,
        container=_text(collect, "container") if source == "Stdout" else "",
        path=_text(collect, "path") if source == "File" else None,
        objective=objective,
        maximize=goal == "Maximize",
        metrics=tuple(metrics),
        patterns=tuple(_pattern(item) for item in collect.get("patterns") or ()),
        trained=int(collect.get("trained") or 0),
        rungs=tuple(sorted({int(rung) for rung in collect.get("rungs") or ()})),
        termination_log=environ.get("KUBETUNE_TERMINATION_LOG", TERMINATION_LOG),
    )


def _variable(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise SettingsError(f"the environment variable {name} is not set")
    return value


def _collect(environ: Mapping[str, str]) -> dict[str, Any]:
    text = _variable(environ, "KUBETUNE_COLLECT")
    try:
        collect = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"KUBETUNE_COLLECT is not JSON: {error}") from error
    if not isinstance(collect, dict):
        raise SettingsError("KUBETUNE_COLLECT is not a JSON object")
    return collect


def _text(collect: Mapping[str, Any], key: str) -> str:
    value = collect.get(key)
    if not isinstance(value, str) or not value:
        raise SettingsError(f"KUBETUNE_COLLECT has no {key!r}")
    return value


def _one_of(collect: Mapping[str, Any], key: str, allowed: tuple[str, ...], *, default: str) -> str:
    value = str(collect.get(key, default))
    if value not in allowed:
        raise SettingsError(
            f"KUBETUNE_COLLECT has {key} {value!r}; this collector knows {', '.join(allowed)}"
        )
    return value


def _pattern(item: Mapping[str, Any]) -> Pattern:
    metric, regex = _text(item, "metric"), _text(item, "regex")
    try:
        compiled = re.compile(regex)
    except (re.error, RecursionError) as error:
        raise SettingsError(f"the pattern {regex!r} of metric {metric} is bad: {error}") from error
    if "value" not in compiled.groupindex:
        raise SettingsError(f"the pattern {regex!r} of metric {metric} has no group 'value'")
    return Pattern(metric, compiled)
