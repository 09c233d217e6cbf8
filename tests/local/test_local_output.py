"""What trials of one machine write is read as in a cluster, each by itself."""

from datetime import UTC, datetime
from pathlib import Path

from kubetune.local.output import Reading
from kubetune.local.store import Store
from kubetune.local.workshop import Workshop
from tests.local.local_builders import machine, manifest, opened


def test_how_one_trial_reports_says_nothing_of_another(tmp_path: Path) -> None:
    workshop = Workshop(opened(manifest()).world, Store(tmp_path), machine())
    reading = Reading(
        workshop.sidecar, now=lambda: datetime(2026, 1, 2, tzinfo=UTC), log=lambda _: None
    )
    values = []
    for name, text in (("first", "loss=0.5\n"), ("second", "loss: 0.25\n")):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        values += [o.metrics["loss"] for o in reading.follow(path).close()]
    assert values == [0.5, 0.25]
