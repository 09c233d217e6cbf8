r"""Finds metrics in lines of training output; pure. This docstring is the reference of the formats.

**Default format.** ``name=value`` or ``name: value`` anywhere in a line, several per line, with an
optional step::

    step=3 val_accuracy=0.93 val_loss=0.21
    Epoch 3 done: val_accuracy = 9.3e-1, val_loss=0.21 (epoch=3/27)
    2026-01-02 10:00:00 INFO | val_accuracy=93.1% | val_loss=inf
    27/27 - 2s - loss: 0.1822 - val_loss: 0.2104
    {'eval_loss': 0.2104, 'epoch': 3.0}

- After the first line with ``=``, and after the first JSON line, a colon does not count any more:
  who reports so means it, and ``Best val_loss: 0.19`` in the end is for people.

- A name is one of the metrics of the TuningJob, exactly: ``val_loss`` is not found in
  ``best_val_loss=1``, ``val_loss.raw=1``, ``top/val_loss=1`` or ``--val_loss=1``. Spaces around
  ``=`` and ``:`` and quotes around the name do not matter.
- A value is a decimal number, with or without sign, fraction and exponent, or ``nan``, ``inf``,
  ``infinity`` in any case, with or without sign. After it may come the end of the line, white
  space, any of ``, ; | ) ] } > " ' * !`` or a full stop or colon that ends the word.
- Before a value may stand a quote or ``np.float64(``, ``tensor(`` or ``Array(``.
- A percent sign is dropped and nothing is divided: ``93%`` is 93. A unit of up to six letters
  is dropped as well and never converted (``12.5ms`` is 12.5), unless it begins like a multiplier
  (``5k``, ``3M``, ``2GB``) or an exponent: such a value is not a number.
- ``1_000``, ``1,000``, ``0,93``, ``0x1F``, ``1.2.3``, ``3/4`` and ``1e`` are not numbers.
- The step is ``step=`` or, without that, ``epoch=`` (any case, a colon will do) on the same line:
  an integer from 0 on, where ``3.0`` is 3 and ``3/27`` is 3.
- If a name stands twice in one line, the last one counts; if a step is reported twice, the last
  report of each metric counts.

**JSON lines.** A line that is a JSON object with a metric among its keys; ``step`` or ``epoch`` as
above. Values are numbers, ``NaN``, ``Infinity``, ``-Infinity``, or strings that hold a value as
above; other values (true, null, lists) are no metrics. In an object without such a key
(``{"message": "val_loss=0.2"}``) the default format is looked for::

    {"epoch": 3, "val_accuracy": 0.93, "val_loss": NaN}

**Patterns.** A TuningJob may give regular expressions (Python's syntax) instead; then only they
count. Each names a metric and has a group ``value``, and optionally a group ``step``. Every match
in a line counts. The text of ``value`` is read like a value above, without brackets or quotes.

**Lines without a step.** The objective decides: its n-th line is step n, counted from 1. More
exactly, a line with the objective and no step is one step after the largest step so far, so both
kinds may be mixed; a step that is not an integer from 0 on counts as none. Another metric on a line
of its own belongs to the objective before it, or to the one after it when that metric was printed
before the first objective. If the line before gave a step to other metrics only, the objective
belongs to that step.

**Lines.** End at ``\n`` or ``\r``; colours and other terminal escapes are ignored; after 16 KiB a
line is cut. Bytes that are not UTF-8 do no harm.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from kubetune.collector.settings import LARGEST_STEP, Pattern

_NAME = rb"A-Za-z0-9_\-./"
# No possessive groups: Python 3.11.2, which Debian 12 ships, mistakes `(...)?+` in an alternative.
# A number begins after a name alone, so giving characters back costs a line's length per name.
_DECIMAL = rb"(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_NUMBER = rb"([+-]?(?:" + _DECIMAL + rb"|(?i:inf(?:inity)?|nan)(?![A-Za-z])))"
_UNIT = rb"(?:%|(?<=[\d.])(?![eEkKMGTPxXbBoO])[A-Za-z]{1,6})?"
_END = rb"(?=[.:]?(?:[\s;|)\]}>\"'*!]|,(?!\d)|\Z))"
_VALUE = _NUMBER + _UNIT + _END
_LOOSE_VALUE = re.compile(rb"[\s(\[{<\"']*" + _VALUE)
# Before a number may stand a quote, or what numpy, PyTorch and JAX show around one of theirs.
_SHOWN_AS = rb"(?:[\"']|(?:(?:np|numpy)\.float\d+|tensor|Array)\()?"
_SIGN = rb"[\"']?[ \t]*([=:])[ \t]*" + _SHOWN_AS
_STEP = re.compile(
    rb"(?<![" + _NAME + rb"])((?i:step|epoch))" + _SIGN + _NUMBER + rb"(?:/\d+)?" + _END
)


class Found(NamedTuple):
    """What one line says: values by metric name (any float, at least one), and its step if any."""

    values: dict[str, float]
    step: int | None


Finder = Callable[[bytes], Iterator[Found]]
"""Finds what a line says; never raises."""


def finder(metrics: Sequence[str], patterns: Sequence[Pattern]) -> Finder:
    """Return the finder for these metrics: by the patterns when there are any, else the default."""
    return _pattern_finder(patterns) if patterns else _default_finder(metrics)


def words(metrics: Sequence[str], patterns: Sequence[Pattern]) -> tuple[bytes, ...]:
    """Return words of which a line must hold one to be worth looking at; empty: every line is."""
    return () if patterns else tuple(name.encode() for name in metrics)


def _default_finder(metrics: Sequence[str]) -> Finder:
    names = b"|".join(re.escape(name.encode()) for name in metrics)
    token = re.compile(rb"(?<![" + _NAME + rb"])(" + names + rb")" + _SIGN + _VALUE)
    strict = False

    def find(text: bytes) -> Iterator[Found]:
        nonlocal strict
        found = _json_line(text, metrics)
        if found is not None:
            strict = strict or bool(found.values)
        else:
            matches = list(token.finditer(text))
            strict = strict or any(match[2] == b"=" for match in matches)
            values = {
                match[1].decode(): float(match[3])
                for match in matches
                if match[2] == b"=" or not (strict or _is_cut_off(text))
            }
            found = Found(values, _step_of(text))
        if found.values:
            yield found

    return find


def _is_cut_off(text: bytes) -> bool:
    """Say whether a JSON object or a dict has lost its end, and so perhaps digits."""
    text = text.strip()
    return text.startswith(b"{") and not text.endswith(b"}")


def _step_of(text: bytes) -> int | None:
    steps: dict[bytes, int | None] = {}
    for match in _STEP.finditer(text):
        steps.setdefault(match[1].lower(), _step(float(match[3])))
    return steps.get(b"step", steps.get(b"epoch"))


def _step(number: float | None) -> int | None:
    if number is None or not 0 <= number <= LARGEST_STEP or not number.is_integer():
        return None
    return int(number)


def _json_line(text: bytes, metrics: Sequence[str]) -> Found | None:
    """Return what a JSON line says, None if it is none or names no metric."""
    text = text.strip()
    if not (text.startswith(b"{") and text.endswith(b"}")):
        return None
    try:
        record = json.loads(text.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    if not any(name in record for name in metrics):
        return None
    numbers = {name: _json_number(record[name]) for name in metrics if name in record}
    steps = (record[key] for key in ("step", "Step", "epoch", "Epoch") if key in record)
    return Found(
        {name: number for name, number in numbers.items() if number is not None},
        _step(_json_number(next(steps, None))),
    )


def _json_number(value: Any) -> float | None:
    if isinstance(value, str):
        return _number(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:  # an integer beyond every float
        return float("inf") if value > 0 else float("-inf")


def _number(text: str) -> float | None:
    """Read a value that stands alone; None if it is not a number."""
    match = _LOOSE_VALUE.match(text.encode("utf-8", "replace"))
    return float(match[1]) if match else None


def _pattern_finder(patterns: Sequence[Pattern]) -> Finder:
    def find(text: bytes) -> Iterator[Found]:
        line = text.decode("utf-8", "replace")
        by_step: dict[int | None, dict[str, float]] = {}
        for pattern in patterns:
            has_step = "step" in pattern.regex.groupindex
            for match in pattern.regex.finditer(line):
                value = _number(match["value"] or "")
                if value is not None:
                    step = _step(_number(match["step"] or "")) if has_step else None
                    by_step.setdefault(step, {})[pattern.metric] = value
        stepless = by_step.pop(None, None)
        if stepless and by_step:  # a step found by one pattern holds for the whole line
            step = next(iter(by_step))
            by_step[step] = stepless | by_step[step]
        elif stepless:
            yield Found(stepless, None)
        for step, values in by_step.items():
            yield Found(values, step)

    return find
