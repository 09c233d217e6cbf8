"""Durations as Kubernetes users write them: 90s, 45m, 1h30m."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import Field

DURATION_PATTERN = "([0-9]{1,6}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?"
"""All of a duration. The digits are bounded so that the sum stays within 64 bits of nanoseconds."""

MAX_DURATION = timedelta(days=3650)

_PARTS = re.compile("(?:([0-9]{1,6})h)?(?:([0-9]{1,7})m)?(?:([0-9]{1,9})s)?")

Duration = Annotated[str, Field(min_length=2, max_length=16)]


def parse_duration(text: str) -> timedelta:
    """Return the length of a duration such as `1h30m`.

    Raises:
        ValueError: the text is not hours, minutes and seconds in that order.
    """
    match = _PARTS.fullmatch(text)
    if match is None or not text:
        raise ValueError(f"{text!r} is not a duration such as 90s, 45m or 1h30m")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
