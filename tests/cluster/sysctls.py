"""Kernel settings: those the node needs are set, those anyone of the cluster changes put back."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.cluster.files import write_whole

FOLDER: Final = Path("/proc/sys")

NEEDED: Final[Mapping[str, str]] = {
    # Pods reach each other and the service addresses through this machine.
    "net/ipv4/ip_forward": "1",
    # Packets between pods of one bridge must pass iptables, where service addresses are resolved.
    "net/bridge/bridge-nf-call-iptables": "1",
}
CHANGED_BY_KUBELET: Final = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)


def remember(record: Path, folder: Path = FOLDER) -> None:
    """Write down the present settings, unless a former call has: that one saw the true ones."""
    if record.exists():
        return
    values = {
        name: (folder / name).read_text().strip()
        for name in (*NEEDED, *CHANGED_BY_KUBELET)
        if (folder / name).exists()
    }
    write_whole(record, json.dumps(values, indent=1))


def apply(folder: Path = FOLDER) -> None:
    """Set what the node needs. A setting that this kernel does not have is left alone."""
    _write(NEEDED, folder)


def restore(record: Path, folder: Path = FOLDER) -> None:
    """Put back what `remember` wrote down; nothing when there is no record."""
    if record.exists():
        _write(json.loads(record.read_text()), folder)


def _write(values: Mapping[str, str], folder: Path) -> None:
    for name, value in values.items():
        path = folder / name
        if path.exists() and path.read_text().strip() != value:
            path.write_text(value)
