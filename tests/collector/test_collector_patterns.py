"""Patterns of the user's own stand in for the default format."""

import re
from typing import Any

import pytest

from kubetune.collector.parse import Found, words
from kubetune.collector.settings import Pattern
from tests.collector.parsed import METRICS, find, found


@pytest.mark.parametrize(
    ("line", "patterns", "want"),
    [
        pytest.param(
            "acc=0.9 in epoch 3",
            [("val_accuracy", r"acc=(?P<value>\S+).*epoch (?P<step>\d+)")],
            found(3, val_accuracy=0.9),
            id="value and step",
        ),
        pytest.param(
            "acc: 0.9",
            [("val_accuracy", r"acc: (?P<value>\S+)")],
            found(val_accuracy=0.9),
            id="value only",
        ),
        pytest.param(
            "acc: [93.5%],",
            [("val_accuracy", r"acc: (?P<value>\S+)")],
            found(val_accuracy=93.5),
            id="trailing brackets, percent and comma",
        ),
        pytest.param(
            "acc: 1_000",
            [("val_accuracy", r"acc: (?P<value>\S+)")],
            [],
            id="not a number",
        ),
        pytest.param(
            "val_accuracy=0.9",
            [("val_accuracy", r"acc: (?P<value>\S+)")],
            [],
            id="the default format does not count beside patterns",
        ),
        pytest.param(
            "3: 0.9 0.1",
            [
                ("val_accuracy", r"(?P<step>\d+): (?P<value>\S+)"),
                ("val_loss", r": \S+ (?P<value>\S+)"),
            ],
            found(3, val_loss=0.1, val_accuracy=0.9),
            id="the step that one pattern finds holds for the line",
        ),
        pytest.param(
            "1=0.5 2=0.6",
            [("val_accuracy", r"(?P<step>\d+)=(?P<value>\S+)")],
            [Found({"val_accuracy": 0.5}, 1), Found({"val_accuracy": 0.6}, 2)],
            id="every match counts",
        ),
        pytest.param(
            "acc 0.9",
            [("val_accuracy", r"acc (?P<value>\S+)( at (?P<step>\d+))?")],
            found(val_accuracy=0.9),
            id="the step group took no part",
        ),
        pytest.param(
            "acc",
            [("val_accuracy", r"acc(?P<value>\d+)?")],
            [],
            id="the value group took no part",
        ),
        pytest.param(
            "précision=0.9",
            [("val_accuracy", r"précision=(?P<value>\S+)")],
            found(val_accuracy=0.9),
            id="beyond ASCII",
        ),
    ],
)
def test_patterns_replace_the_default_format(
    line: str, patterns: list[tuple[str, str]], want: list[Found]
) -> None:
    assert find(line, *patterns) == want


def test_a_line_without_a_metric_name_need_not_be_looked_at_unless_there_are_patterns() -> None:
    pattern: Any = Pattern("val_loss", re.compile("(?P<value>.)"))
    assert {b"val_accuracy", b"val_loss", b"eval/f1-score.macro"} < {*words(METRICS, ())}
    assert words(METRICS, [pattern]) == ()
