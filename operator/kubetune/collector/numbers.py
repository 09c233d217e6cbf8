"""How numbers are written in training output; pure. `parse` has the reference."""

import re
from typing import Any

_NAME = rb"A-Za-z0-9_\-./"
BEFORE_NAME = rb"(?<![" + _NAME + rb"])"
"""Before a name stands nothing that would make it longer."""

# No possessive groups: Python 3.11.2, which Debian 12 ships, mistakes `(...)?+` in an alternative.
# A number begins after a name alone, so giving characters back costs a line's length per name.
_DECIMAL = rb"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
NUMBER = rb"([+-]?(?:" + _DECIMAL + rb"|(?i:inf(?:inity)?|nan)(?![A-Za-z])))"
AFTER_NUMBER = rb"(?=[.:]?(?:[\s;|)\]}>\"'*!]|,(?!\d)|\Z)|\xc2\xb1|\+/-)"
_UNIT = rb"(?:%|(?<=[\d.])(?![eEkKMGTPxXbBoO])[A-Za-z]{1,6})?"
VALUE = NUMBER + _UNIT + AFTER_NUMBER
_LOOSE_VALUE = re.compile(rb"[\s(\[{<\"']*" + VALUE)
# Before a number may stand a quote, or what numpy, PyTorch and JAX show around one of theirs.
_SHOWN_AS = rb"(?:[\"']|(?:(?:np|numpy)\.float\d+|tensor|Array)\()?"
SIGN = rb"[\"']?[ \t]*([=:])[ \t]*" + _SHOWN_AS


def number_in(text: str) -> float | None:
    """Read a value that stands alone; None if it is not a number."""
    match = _LOOSE_VALUE.match(text.encode("utf-8", "replace"))
    return float(match[1]) if match else None


def number_of(value: Any) -> float | None:
    """Return the number that a value of a JSON object is or, as a text, holds; None if none."""
    if isinstance(value, str):
        return number_in(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:  # an integer beyond every float
        return float("inf") if value > 0 else float("-inf")
