"""No line takes longer than its length explains."""

import time

import pytest

from tests.collector.parsed import find


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"val_loss=" + b"1" * 16_000 + b"_", id="digits"),
        pytest.param(b"val_loss=" + b" " * 16_000 + b"x", id="spaces"),
        pytest.param(b"val_loss=1" + b"e" * 16_000, id="letters"),
        pytest.param(b"val_loss=" * 1800, id="names"),
        pytest.param(b"val_loss=1 step=" * 1000 + b"_", id="steps"),
        pytest.param(b"{" * 16_000 + b"val_loss=1}", id="brackets"),
        pytest.param(b"val_loss=1 " + b"INFO " * 3000, id="levels"),
        pytest.param(b"INFO Epoch (" + b"a" * 16_000 + b"val_loss=1", id="a heading's bracket"),
        pytest.param(b"[" * 8000 + b"Epoch 3" + b"[" * 8000, id="a heading's decoration"),
    ],
)
def test_a_hostile_line_is_read_in_time_proportional_to_its_length(line: bytes) -> None:
    # Quadratic matching of 16,000 characters takes a second each time; linear a millisecond.
    began = time.process_time()
    for _ in range(50):
        find(line)
    assert time.process_time() - began < 5
