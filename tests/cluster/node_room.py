"""The room the node lives in: a mount namespace of its own.

Kubelet, containerd and the CNI library insist on some folders of the system (/var/lib/kubelet,
/var/log/containers, /run/containerd, /var/lib/cni), and mount hundreds of volumes and root file
systems. In here /var/lib, /var/log and /run are empty and temporary, with the state folder as the
one way through. Nothing of it can be seen outside, and all of it goes, however the end comes, with
the last process inside.

One idle process holds the room open, so that containerd and kubelet can restart in it.
"""

import time
from pathlib import Path
from typing import Final

from tests.cluster.build import Binaries
from tests.cluster.commands import system_environment
from tests.cluster.errors import BringUpError
from tests.cluster.layout import Layout
from tests.cluster.processes import Command, Record, is_alive, read_record, start

HOLDER: Final = "node-room"
CONTAINER_SHIM: Final = "containerd-shim-runc-v2"
FURNISH_SECONDS: Final = 10.0

FURNISH: Final = """
mount --bind "$1" /mnt
mount -t tmpfs -o mode=755 kubetune /var/lib
mkdir -p "$1"
mount --move /mnt "$1"
mount -t tmpfs -o mode=755 kubetune /var/log
mount -t tmpfs -o mode=755 kubetune /run
mount --make-rshared /
exec "$2" "$1"
"""
"""Shared at the end: volumes are mounted by one process and must be seen by the others."""


def open_room(layout: Layout, binaries: Binaries) -> Record:
    """The room's holder, started now unless it is there.

    Raises:
        BringUpError: the mounts could not be made.
    """
    record = read_record(layout.processes, HOLDER)
    if record is None or not is_alive(record):
        record = _start_holder(layout, binaries)
    _await_furnished(record, layout.logs / f"{HOLDER}.log")
    return record


def inside(room: Record, argv: tuple[str, ...]) -> tuple[str, ...]:
    """The command line that runs `argv` in the room."""
    return ("nsenter", f"--mount=/proc/{room.pid}/ns/mnt", "--wd=/", *argv)


def _start_holder(layout: Layout, binaries: Binaries) -> Record:
    command = Command(
        name=HOLDER,
        argv=(
            *("unshare", "--mount", "--propagation", "slave", "--"),
            *("/bin/sh", "-euc", FURNISH, "sh", str(layout.state), binaries.path("pause")),
        ),
    )
    return start(
        command,
        folder=layout.processes,
        log=layout.logs / f"{HOLDER}.log",
        environment=system_environment(),
    )


def _await_furnished(record: Record, log: Path) -> None:
    """Wait until the shell has mounted everything and has become the idle program."""
    deadline = time.monotonic() + FURNISH_SECONDS
    while is_alive(record):
        program = Path(f"/proc/{record.pid}/cmdline").read_bytes().split(b"\0")[0]
        if program.endswith(b"/pause"):
            return
        if time.monotonic() > deadline:
            break
        time.sleep(0.01)
    raise BringUpError(f"the node's mount namespace could not be made; see {log}")
