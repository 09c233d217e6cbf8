"""Numbers, times, parameters and states in words; one place, so that table and lines agree."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta

from kubetune.cli.objects import ParameterValue, Trial

IN_WORDS = {
    "Pending": "pending",
    "Running": "running",
    "Paused": "paused",
    "Succeeded": "succeeded",
    "EarlyStopped": "stopped early",
    "Failed": "failed",
    "MetricsUnavailable": "without metrics",
    "Stopped": "stopped",
}

_ESCAPE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|[@-Z\\^_])")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def number(value: float) -> str:
    """Four digits after the point, or four in all where that would hide the value."""
    if isinstance(value, int) or value.is_integer():
        return f"{value:.0f}" if abs(value) < 1e15 else f"{value:.4g}"  # noqa: PLR2004 - exact ints
    return f"{value:.4f}" if 0.001 <= abs(value) < 1e6 else f"{value:.4g}"  # noqa: PLR2004


def parameter(value: ParameterValue) -> str:
    """A parameter's value; a Float in five digits, which tell two trials apart."""
    return f"{value:.5g}" if isinstance(value, float) else clean(str(value))


def parameters(values: Mapping[str, ParameterValue]) -> str:
    """All parameters on one line."""
    return " ".join(f"{clean(name)}={parameter(value)}" for name, value in values.items())


def duration(span: timedelta) -> str:
    """Two units: 42s, 3m05s, 2h07m, 3d04h."""
    seconds = max(int(span.total_seconds()), 0)
    if seconds < _MINUTE:
        return f"{seconds}s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE}m{seconds % _MINUTE:02d}s"
    if seconds < _DAY:
        return f"{seconds // _HOUR}h{seconds % _HOUR // _MINUTE:02d}m"
    return f"{seconds // _DAY}d{seconds % _DAY // _HOUR:02d}h"


def clock(moment: datetime | None) -> str:
    """Time of day as the object has it, in UTC; dashes when it is not known."""
    return "--:--:-- " if moment is None else f"{moment:%H:%M:%S}Z"


def clean(text: str) -> str:
    """The text on one line, without the control codes that training code may have printed.

    Lines of the text are set apart by a bar.
    """
    lines = (
        "".join(" " if unicodedata.category(c).startswith("C") else c for c in line)
        for line in _ESCAPE.sub("", text).splitlines()
    )
    return " | ".join(words for line in lines if (words := " ".join(line.split())))


def because(reason: str | None, message: str | None) -> str:
    """Reason and message, or the one that there is; empty if there is neither."""
    return ": ".join(clean(part) for part in (reason, message) if part)


def outcome(trial: Trial, metric: str) -> str:
    """Where a trial stands and why, such as `stopped early at step 3: 0.41 < 0.87 (...)`."""
    status = trial.status
    words = IN_WORDS.get(status.state, status.state)
    evidence = status.evidence
    if status.state == "EarlyStopped" and evidence is not None:
        return (
            f"{words} at step {evidence.step}: {metric} "
            f"{_compared(evidence.value, evidence.threshold)} "
            f"({evidence.population} trials compared)"
        )
    value = trial.value_of(metric)
    if status.state == "Succeeded" and value is not None:
        at = "" if trial.last_step is None else f" at step {trial.last_step}"
        return f"{words}: {metric} {number(value)}{at}"
    why = because(status.reason, status.message)
    return f"{words}: {why}" if why else words


def _compared(value: float, threshold: float) -> str:
    """Both numbers and which is larger, with all digits where four would make them look equal."""
    if value == threshold:
        return f"{number(value)} = {number(threshold)}"
    relation = "<" if value < threshold else ">"
    left, right = number(value), number(threshold)
    return f"{value} {relation} {threshold}" if left == right else f"{left} {relation} {right}"
