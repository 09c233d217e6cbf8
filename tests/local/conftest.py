"""Fixtures for the tests with real processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kubetune.local.bell import Bell
from tests.local.process_bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A place whose processes end with the test."""
    with Bell() as bell:
        bench = Bench(tmp_path, bell)
        yield bench
        for name, attempt in bench.table.attempts().items():
            if attempt.is_alive:
                bench.table.kill(name)
                bench.end()
