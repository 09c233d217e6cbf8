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
  space, any of ``, ; | ) ] } > " ' * !``, ``±``, ``+/-``, or a full stop or colon that ends the
  word.
- Before a value may stand a quote or ``np.float64(``, ``tensor(`` or ``Array(``.
- A percent sign is dropped and nothing is divided: ``93%`` is 93. A unit of up to six letters
  is dropped as well and never converted (``12.5ms`` is 12.5), unless it begins like a multiplier
  (``5k``, ``3M``, ``2GB``) or an exponent: such a value is not a number.
- ``1_000``, ``1,000``, ``0,93``, ``0x1F``, ``1.2.3``, ``3/4`` and ``1e`` are not numbers.
- The step is, on the same line, the first of ``global_step=``, ``step=``, ``epoch=``,
  ``training_iteration=``, ``iteration=``, ``iter=`` (any case, a colon will do): an integer from 0
  on, where ``3.0`` is 3 and ``3/27`` is 3.
- Without those, it is the number behind a word that begins the line, alone or after a time, a level
  or a bar: ``Epoch 3/27``, ``[Epoch 3]``, ``INFO - Epoch [3][10/50]``, ``step 300:``,
  ``Iteration 3,``. So it is in what boosting prints: ``[12]<tab>``, ``12:<tab>``.
- If a name stands twice in one line, the last one counts; if a step is reported twice, the last
  report of each metric counts.

**JSON lines.** A line that is a JSON object with a metric among its keys; the step as above, also
as ``globalStep``. Values are numbers, ``NaN``, ``Infinity``, ``-Infinity``, or strings that hold a
value as above; other values (true, null, lists) are no metrics. In an object without such a key
(``{"message": "val_loss=0.2"}``) the default format is looked for::

    {"epoch": 3, "val_accuracy": 0.93, "val_loss": NaN}

**Patterns.** A TuningJob may give regular expressions (Python's syntax) instead; then only they
count. Each names a metric and has a group ``value``, and optionally a group ``step``. Every match
in a line counts. The text of ``value`` is read like a value above, without brackets or quotes.

**Lines without a step.** After a line that is nothing but the heading of an epoch (``Epoch 3/10``,
``--- Epoch 3 ---``), what follows belongs to that epoch, until the next heading. Otherwise the
objective decides: its n-th line is step n, counted from 1. More exactly, a line with the objective
and no step is one step after the largest step so far, so both kinds may be mixed; a step that is
negative or not a number counts as none. Another metric on a line of its own belongs to the
objective before it, or to the one after it when that metric was printed before the first objective.
If the line before gave a step to other metrics only, the objective belongs to that step.

**Fractions.** Steps are integers, and rounding would put several reports on one. So once the
objective comes with a step between two (``epoch=0.5``), no step that is named counts any more, and
reports are counted: at the epochs 0.5, 1.0 and 1.5 the objective is at the steps 1, 2 and 3. Other
metrics at a fraction change nothing: an objective that comes once an epoch keeps its epoch.

**Lines.** End at ``\n`` or ``\r``; colours and other terminal escapes are ignored; after 16 KiB a
line is cut. Bytes that are not UTF-8 do no harm; NULs are dropped, so that UTF-16 can be read.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from kubetune.collector.named_steps import HEADING_WORDS, as_step, heading_of, step_in, step_of
from kubetune.collector.numbers import BEFORE_NAME, SIGN, VALUE, number_in, number_of
from kubetune.collector.settings import Pattern


class Found(NamedTuple):
    """What one line says.

    Attributes:
        values: Any float by the metric's name; none where the line is the heading of an epoch.
        step: From 0 on, if the line names one; a fraction lies between two steps.
    """

    values: dict[str, float]
    step: float | None


Finder = Callable[[bytes], Iterator[Found]]
"""Finds what a line says; never raises."""


def finder(metrics: Sequence[str], patterns: Sequence[Pattern]) -> Finder:
    """Return the finder for these metrics: by the patterns when there are any, else the default."""
    return _pattern_finder(patterns) if patterns else _default_finder(metrics)


def words(metrics: Sequence[str], patterns: Sequence[Pattern]) -> tuple[bytes, ...]:
    """Return words of which a line must hold one to be worth looking at; empty: every line is."""
    return () if patterns else (*(name.encode() for name in metrics), *HEADING_WORDS)


def _default_finder(metrics: Sequence[str]) -> Finder:
    names = b"|".join(re.escape(name.encode()) for name in metrics)
    token = re.compile(BEFORE_NAME + rb"(" + names + rb")" + SIGN + VALUE)
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
            found = Found(values, step_of(text) if values else heading_of(text))
        if found.values or found.step is not None:
            yield found

    return find


def _is_cut_off(text: bytes) -> bool:
    """Say whether a JSON object or a dict has lost its end, and so perhaps digits."""
    text = text.strip()
    return text.startswith(b"{") and not text.endswith(b"}")


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
    numbers = {name: number_of(record[name]) for name in metrics if name in record}
    values = {name: number for name, number in numbers.items() if number is not None}
    return Found(values, step_in(record) if values else None)


def _pattern_finder(patterns: Sequence[Pattern]) -> Finder:
    def find(text: bytes) -> Iterator[Found]:
        line = text.decode("utf-8", "replace")
        by_step: dict[float | None, dict[str, float]] = {}
        for pattern in patterns:
            has_step = "step" in pattern.regex.groupindex
            for match in pattern.regex.finditer(line):
                value = number_in(match["value"] or "")
                if value is not None:
                    step = as_step(number_in(match["step"] or "")) if has_step else None
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
