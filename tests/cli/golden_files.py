"""Compares text with a golden file; `pytest --refresh-golden` writes the files anew."""

from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"

Compare = Callable[[str, str], None]


def comparer(request: pytest.FixtureRequest) -> Compare:
    """A function of file name and text that fails where they differ."""
    refresh = bool(request.config.getoption("--refresh-golden", default=False))

    def compare(name: str, got: str) -> None:
        path = GOLDEN / name
        if refresh:
            path.write_text(got, encoding="utf-8")
        assert got == path.read_text(encoding="utf-8"), f"{name} differs; --refresh-golden?"

    return compare
