"""What is found in one line that was printed."""

import re

from kubetune.collector.parse import Found, finder
from kubetune.collector.settings import Pattern

METRICS = ("val_accuracy", "val_loss", "eval/f1-score.macro")


def find(text: str | bytes, *patterns: tuple[str, str]) -> list[Found]:
    raw = text.encode() if isinstance(text, str) else text
    compiled = [Pattern(metric, re.compile(regex)) for metric, regex in patterns]
    return list(finder(METRICS, compiled)(raw))


def found(step: float | None = None, **values: float) -> list[Found]:
    return [Found(values, step)]
