"""The collector's last words: a small JSON document that the kubelet puts into the pod's status.

The operator reads it when a trial's observations are missing: because the API server was away at
the end (then the latest observations are in it), or because the training printed none (then its
last lines say why). Where it is not `whole`, the operator reads the log itself (`reread`).
"""

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from kubetune.collector.series import Point, rendered

LIMIT = 4096
"""Bytes that the kubelet keeps of a termination message; a longer one is cut and is not JSON."""

TAIL_LINES = 10
TAIL_WIDTH = 200
_FOR_OBSERVATIONS = 2400


def termination_message(
    points: Iterable[Point], *, objective: str, lines: int, tail: Sequence[str], whole: bool
) -> bytes:
    """Return the termination message, at most `LIMIT` bytes of JSON.

    Args:
        points: The observations, the most important first; those that fit are kept.
        objective: Name of the objective metric; where all metrics do not fit, it stands alone.
        lines: Lines of training output.
        tail: The last of them, oldest first; the newest that fit are kept.
        whole: True when the output was read to its end and all of it was reported.
    """
    observations: list[dict[str, Any]] = []
    room = _FOR_OBSERVATIONS
    for point in points:
        text = _fitting(point, objective, room)
        if text is None:
            break
        observations.append(text)
        room -= len(_encoded(text)) + 1
    observations.sort(key=lambda observation: int(observation["step"]))
    message: dict[str, Any] = {
        "observations": observations,
        "lines": lines,
        "whole": whole,
        "tail": [],
    }
    room = LIMIT - len(_encoded(message))
    kept: list[str] = []
    for line in reversed(tail):
        room -= len(_encoded(line)) + 1
        if room < 0:
            break
        kept.append(line)
    message["tail"] = kept[::-1]
    return _encoded(message)


def _fitting(point: Point, objective: str, room: int) -> dict[str, Any] | None:
    whole = rendered(point)
    if len(_encoded(whole)) < room:
        return whole
    value = point.values.get(objective, math.nan)
    alone = rendered(Point(point.step, 0, point.time, {objective: value}))
    return alone if objective in point.values and len(_encoded(alone)) < room else None


def _encoded(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")
