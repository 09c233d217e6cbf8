from datetime import timedelta

import pytest

from kubetune.cli.render.wording import clean, duration, number, outcome, parameters
from tests.cli.cli_builders import a_stopped_trial, a_trial


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (0.98333, "0.9833"),
        (0.0, "0"),
        (5, "5"),
        (12.0, "12"),
        (-3.25, "-3.2500"),
        (0.0000123, "1.23e-05"),
        (1.5e9, "1500000000"),
        (1234567.5, "1.235e+06"),
        (1e300, "1e+300"),
    ],
)
def test_numbers_are_short_and_say_something(value: float, want: str) -> None:
    assert number(value) == want


@pytest.mark.parametrize(
    ("seconds", "want"),
    [(0, "0s"), (59.9, "59s"), (60, "1m00s"), (3725, "1h02m"), (90061, "1d01h"), (-4, "0s")],
)
def test_durations_are_two_units(seconds: float, want: str) -> None:
    assert duration(timedelta(seconds=seconds)) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("plain", "plain"),
        ("two\nlines\r\n", "two | lines"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("a\tb\x00c", "a b c"),
        ("größer ✓", "größer ✓"),
        ("right\u202eleft", "right left"),
        ("", ""),
    ],
)
def test_text_of_others_is_one_line_without_control_codes(text: str, want: str) -> None:
    assert clean(text) == want


def test_parameters_are_on_one_line_with_five_digits() -> None:
    got = parameters({"lr": 0.012345678, "n": 123456789, "kind": "a b"})
    assert got == "lr=0.012346 n=123456789 kind=a b"


@pytest.mark.parametrize(
    ("value", "threshold", "want"),
    [
        (0.41, 0.87, "0.4100 < 0.8700"),
        (2.5, 1.25, "2.5000 > 1.2500"),
        (0.5, 0.5, "0.5000 = 0.5000"),
        (0.50001, 0.50002, "0.50001 < 0.50002"),
    ],
    ids=["maximise", "minimise", "equal", "close"],
)
def test_evidence_is_a_comparison_that_can_be_checked(
    value: float, threshold: float, want: str
) -> None:
    trial = a_stopped_trial(0, step=3, value=value, threshold=threshold, ended=9)
    assert outcome(trial, "loss") == f"stopped early at step 3: loss {want} (9 trials compared)"


@pytest.mark.parametrize(
    ("state", "status", "want"),
    [
        ("Failed", {"reason": "OOMKilled", "message": "raise it"}, "failed: OOMKilled: raise it"),
        ("MetricsUnavailable", {}, "without metrics"),
        ("EarlyStopped", {"message": "by rule"}, "stopped early: by rule"),
        ("Succeeded", {}, "succeeded"),
        ("Infeasible", {"reason": "New"}, "Infeasible: New"),
    ],
)
def test_an_outcome_says_why(state: str, status: dict[str, str], want: str) -> None:
    assert outcome(a_trial(0, state, ended=9, status=status), "loss") == want
