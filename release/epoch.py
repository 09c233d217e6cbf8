"""The date that archives and images carry, so that the same sources make the same bytes."""

import os
from typing import Final

FIXED_DAY: Final = 1580601600
"""2020-02-02, hatchling's choice as well."""


def epoch() -> int:
    """Return the date in seconds: SOURCE_DATE_EPOCH, or else the fixed day."""
    return int(os.environ.get("SOURCE_DATE_EPOCH") or FIXED_DAY)
