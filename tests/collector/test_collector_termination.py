"""The termination message: always JSON, never too long, the most important first."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kubetune.collector.series import Series
from kubetune.collector.termination import LIMIT, termination_message

TIME = "2026-01-02T03:04:05.000Z"


def message(series: Series, tail: list[str], lines: int = 7) -> dict[str, Any]:
    raw = termination_message(
        series.most_telling(), objective="acc", lines=lines, tail=tail, whole=True
    )
    assert len(raw) <= LIMIT
    decoded: dict[str, Any] = json.loads(raw)
    return decoded


def filled(steps: int, metrics: int = 1) -> Series:
    series = Series("acc", maximize=True, rungs=(3, 9))
    for step in range(steps):
        extra = {f"metric-{number}": 0.125 for number in range(metrics - 1)}
        series.add(step, {"acc": -abs(step - 20.0), **extra}, TIME)
    return series


def test_a_trial_that_reported_nothing_leaves_its_last_lines() -> None:
    assert message(filled(0), ["Traceback", "boom"]) == {
        "observations": [],
        "lines": 7,
        "whole": True,
        "tail": ["Traceback", "boom"],
    }


def test_the_last_the_best_and_the_rungs_go_first_and_the_newest_fill_up() -> None:
    steps = [entry["step"] for entry in message(filled(100), ["x"] * 10)["observations"]]
    assert steps == sorted(steps)
    assert {99, 20, 0, 9, 3} <= set(steps)
    assert set(range(90, 100)) <= set(steps)


def test_of_many_metrics_only_the_objective_is_kept() -> None:
    told = message(filled(1, metrics=200), [])
    assert told["observations"] == [{"step": 0, "time": TIME, "metrics": {"acc": -20.0}}]


def test_the_newest_lines_that_fit_are_kept() -> None:
    told = message(filled(100), [f"{number}" + "ä" * 199 for number in range(10)])
    assert told["tail"][-1].startswith("9")
    assert 0 < len(told["tail"]) < 10


@settings(deadline=None)
@given(
    tail=st.lists(st.text(max_size=200), max_size=10),
    steps=st.integers(0, 30),
    metrics=st.sampled_from([1, 60]),
)
def test_it_is_json_within_the_limit_whatever_the_training_printed(
    tail: list[str], steps: int, metrics: int
) -> None:
    message(filled(steps, metrics), tail)
