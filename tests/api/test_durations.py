"""Durations as users write them."""

from datetime import timedelta

import pytest

from kubetune.api.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("90s", timedelta(seconds=90)),
        ("45m", timedelta(minutes=45)),
        ("1h30m", timedelta(minutes=90)),
        ("01h02m03s", timedelta(hours=1, minutes=2, seconds=3)),
        ("87600h", timedelta(days=3650)),
    ],
)
def test_hours_minutes_and_seconds_are_read_in_this_order(text: str, want: timedelta) -> None:
    assert parse_duration(text) == want


@pytest.mark.parametrize("text", ["", "h", "5", "1d", "30s5m", "1h ", "1h\n", "-1h", "1.5h", "٣h"])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration such as 90s, 45m or 1h30m"):
        parse_duration(text)
