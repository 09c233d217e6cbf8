"""What a cluster that was taken down may have left on this machine: by right, nothing.

This looks at the machine itself, not at what the cluster wrote down about itself, so that it
also finds what `down` forgot.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.cluster import cgroups, iptables, network, processes
from tests.cluster.build import COMPONENTS
from tests.cluster.layout import BRIDGE, Layout
from tests.cluster.node_room import CONTAINER_SHIM

PROGRAMS: Final = (*COMPONENTS, "containerd", CONTAINER_SHIM, "pause")
"""Everything that may run for the cluster with a path of its state folder among its arguments.

Not kubectl, which is somebody at work on the cluster.
"""


def leftovers(layout: Layout) -> tuple[str, ...]:
    """One line for each thing of the cluster that is still on the machine."""
    state = str(layout.state)
    return (
        *(f"process {pid}" for pid in processes.find(PROGRAMS, state)),
        *(f"container process {pid}" for pid in cgroups.pod_processes()),
        *(f"control group {path}" for path in cgroups.pod_groups()),
        *(f"mount {mount}" for mount in _mounts(state)),
        *(f"interface {name}" for name in _interfaces()),
        *(f"iptables chain {chain}" for chain in _chains()),
        *(f"folder or file {path}" for path in _files(layout) if path.exists()),
    )


def mounts_below(mountinfo: Iterable[str], folder: str) -> tuple[str, ...]:
    """The mount points at or below `folder` in the lines of /proc/PID/mountinfo."""
    points = (line.split()[4] for line in mountinfo if line.strip())
    return tuple(point for point in points if point == folder or point.startswith(f"{folder}/"))


def _mounts(folder: str) -> tuple[str, ...]:
    """Mounts of the state folder in any process's view of the file system."""
    views: dict[str, None] = {}
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                lines = (process / "mountinfo").read_text().splitlines()
            except OSError:
                continue
            views.update(dict.fromkeys(mounts_below(lines, folder)))
    return tuple(views)


def _interfaces() -> tuple[str, ...]:
    names = sorted(path.name for path in Path("/sys/class/net").iterdir())
    plugged = {BRIDGE, *network.bridge_ports()}
    return tuple(name for name in names if name in plugged)


def _chains() -> tuple[str, ...]:
    if shutil.which("iptables-save", path="/usr/sbin:/sbin") is None:
        return ()
    return tuple(sorted(iptables.present_chains(iptables.NODE_CHAIN_PREFIXES)))


def _files(layout: Layout) -> tuple[Path, ...]:
    return (layout.state, layout.trash, layout.lock)
