"""An authority as a cluster has it, for tests of encrypted connections."""

from datetime import UTC, datetime
from pathlib import Path

from tests.cluster.layout import Layout
from tests.cluster.pki import write_pki


def make_authority(folder: Path) -> Path:
    """Return a folder with the authority, `ca.crt`, and pairs that it signed."""
    layout = Layout(repository=folder, state=folder / "state", cache=folder / "cache")
    write_pki(layout, now=datetime.now(UTC))  # noqa: TID251  the real clock judges them
    return layout.pki
