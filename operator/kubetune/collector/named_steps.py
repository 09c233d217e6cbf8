"""Finds the step that a line of training output names; pure. `parse` has the reference."""

import re
from collections.abc import Mapping
from typing import Any

from kubetune.collector.numbers import AFTER_NUMBER, BEFORE_NAME, NUMBER, SIGN, number_of
from kubetune.collector.settings import LARGEST_STEP

# A line's step is the first of these that it has. Within an epoch many count iterations anew, so
# an epoch goes before those.
_WORDS = ("globalstep", "step", "epoch", "trainingiteration", "iteration", "iter")
_KEYS = {
    spelling: name.replace("_", "").lower()
    for name in (
        "global_step",
        "globalStep",
        "step",
        "epoch",
        "training_iteration",
        "iteration",
        "iter",
    )
    for spelling in (name, name[0].upper() + name[1:], name.upper())
}

_TOTAL = rb"(?:(?:[ ]?/[ ]{0,8}|[ ]of[ ])\d{1,18})?"
_NAMED = re.compile(
    BEFORE_NAME
    + rb"((?i:global_?step|step|epoch|(?:training_?)?iter(?:ation)?))"
    + SIGN
    + NUMBER
    + _TOTAL
    + AFTER_NUMBER
)
# What loggers write in front: a level and a name, or a file and a line in brackets.
_LOGGER = re.compile(rb".{0,120}?\b(?:INFO|DEBUG)\b(?::[\w.]{1,64}:)?|[IWD]\d{4} [^\]]{1,80}\]")
_HEADING = re.compile(
    rb"[^A-Za-z]{0,64}(?i:(epoch)|(?:global )?step|iter(?:ation)?)(?:\([a-z]{1,12}\))?"
    rb"[ \t:#\[]{1,8}(\d{1,18}(?:\.\d{1,18})?)" + _TOTAL + AFTER_NUMBER
)
_BOOSTING = re.compile(rb"\s{0,8}(?:\[(\d{1,18})\]|(\d{1,18}):)\t")
_DECORATION = re.compile(rb"[^A-Za-z0-9]*\Z")

HEADING_WORDS = (b"poch", b"POCH")
"""A line that is nothing but the heading of an epoch holds one of these."""


def step_of(text: bytes) -> float | None:
    """Return the step that a line with a metric names, from 0 on; None if it names none."""
    step = _step_with_a_sign(text)
    if step is not None:
        return step
    heading = _heading(text)
    if heading is not None:
        return as_step(float(heading[2]))
    boosting = _BOOSTING.match(text)
    return as_step(float(boosting[1] or boosting[2])) if boosting is not None else None


def heading_of(text: bytes) -> float | None:
    """Return the epoch that a line announces which says nothing else, such as ``Epoch 3/10``."""
    match = _heading(text)
    if match is None or match[1] is None or _DECORATION.match(text, match.end()) is None:
        return None
    return as_step(float(match[2]))


def step_in(record: Mapping[str, Any]) -> float | None:
    """Return the step that a JSON object names; None if it names none."""
    named = {_KEYS[key]: number_of(record[key]) for key in record if key in _KEYS}
    if len(named) == 1:
        return as_step(*named.values())
    return _first(named) if named else None


def as_step(number: float | None) -> float | None:
    """Return a number if it can be a step, or lies between two; None if it can't be either."""
    if number is None or not 0 <= number <= LARGEST_STEP:
        return None
    return int(number) if number.is_integer() else number


def _step_with_a_sign(text: bytes) -> float | None:
    matches = _NAMED.findall(text)
    if len(matches) == 1:  # as nearly always
        return as_step(float(matches[0][2]))
    named: dict[str, float] = {}
    for spelling, _, number in matches:
        named.setdefault(spelling.decode().replace("_", "").lower(), float(number))
    return _first(named) if named else None


def _heading(text: bytes) -> re.Match[bytes] | None:
    match = _HEADING.match(text)
    if match is not None:
        return match
    logger = _LOGGER.match(text)
    return _HEADING.match(text, logger.end()) if logger is not None else None


def _first(named: Mapping[str, float | None]) -> float | None:
    """Return the step by the order of the words; a fraction where no word has an integer."""
    steps = [as_step(named[word]) for word in _WORDS if word in named]
    whole = (step for step in steps if isinstance(step, int))
    return next(whole, next((step for step in steps if step is not None), None))
