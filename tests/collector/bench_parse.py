"""Prints how fast lines are read: ``python tests/collector/bench_parse.py``; not a test.

Each row is one kind of output, as the training container's log brings it in pieces of 64 KiB.
"""

import re
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "operator"))

from kubetune.collector.collect import Collection
from kubetune.collector.cursor import Cursor
from kubetune.collector.parse import finder
from kubetune.collector.settings import Pattern, Settings

LINES = 500_000
STAMP = b"2026-01-02T03:04:05.123456789Z "
PATTERN = Pattern("val_accuracy", re.compile(r"acc=(?P<value>\S+).*epoch (?P<step>\d+)"))
KINDS = {
    "no metric": (b"INFO worker 7 loaded batch 1234 of the data set in 0.02 s\n", ()),
    "like a metric": (b"INFO best_val_accuracy=0.91 so far, worker 7, batch 1234\n", ()),
    "metrics": (b"epoch=3 val_accuracy=0.9312 val_loss=0.2133 time=0.02 s\n", ()),
    "heading in the line": (b"Epoch 3/10 - 2s - val_accuracy: 0.9312 - val_loss: 0.2133\n", ()),
    "epoch without metric": (b"INFO epoch 3 batch 1234 of the data set in 0.02 s\n", ()),
    "JSON": (b'{"epoch": 3, "val_accuracy": 0.9312, "val_loss": 0.2133}\n', ()),
    "no match of a pattern": (b"INFO worker 7 loaded batch 1234 of the data set\n", (PATTERN,)),
    "match of a pattern": (b"acc=0.9312 loss=0.2133 in epoch 3\n", (PATTERN,)),
}


def settings(patterns: tuple[Pattern, ...]) -> Settings:
    """Return the settings of a collector with two metrics."""
    return Settings(
        namespace="",
        trial="",
        pod="",
        source="Stdout",
        container="",
        path=None,
        objective="val_accuracy",
        maximize=True,
        metrics=("val_accuracy", "val_loss"),
        patterns=patterns,
        rungs=(1, 3, 9),
        termination_log="",
    )


def seconds(line: bytes, patterns: tuple[Pattern, ...]) -> float:
    """Return the processor time for `LINES` lines."""
    wanted = settings(patterns)
    collection = Collection(
        wanted,
        find=finder(wanted.metrics, patterns),
        now=lambda: datetime(2026, 1, 2, tzinfo=UTC),
        on_report=lambda _: None,
    )
    cursor = Cursor()
    block = (STAMP + line) * (65536 // len(STAMP + line))
    began = time.process_time()
    for _ in range(LINES // block.count(b"\n")):
        collection.feed(cursor.take(block))
    return time.process_time() - began


def main() -> None:
    """Measure every kind of output."""
    for name, (line, patterns) in KINDS.items():
        rate = LINES / seconds(line, patterns)
        sys.stdout.write(f"{name:24}{rate:14,.0f} lines/s\n")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(f"{'peak memory':24}{peak / 1024:14.1f} MiB\n")


if __name__ == "__main__":
    main()
