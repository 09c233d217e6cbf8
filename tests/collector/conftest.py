"""The API server that a collector reports to."""

from collections.abc import Iterator

import pytest

from tests.collector.collector_server import ApiServer, api_server


@pytest.fixture
def server() -> Iterator[ApiServer]:
    """A server without faults, gone after the test."""
    with api_server() as server:
        yield server
