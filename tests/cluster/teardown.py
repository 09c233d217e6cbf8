"""Take the cluster down, from whatever state it is in, and leave nothing behind.

Nobody is given time to tidy up: all that they would tidy goes, and after a crash nobody could. So
there is one way down, and every `down` tries it.
"""

import json
import shutil
import time
from pathlib import Path
from typing import Final

from tests.cluster import cgroups, iptables, network, processes, sysctls
from tests.cluster.errors import BringUpError
from tests.cluster.layout import IPTABLES_CHAIN, Layout
from tests.cluster.leftovers import PROGRAMS, leftovers
from tests.cluster.lock import held
from tests.cluster.node_room import CONTAINER_SHIM
from tests.cluster.progress import Reporter

STOP_FIRST: Final = ("kubelet", "kube-proxy", "kube-controller-manager", "kube-scheduler")
"""Whoever would answer the end of a container or a rule by making it again."""

RELEASE_SECONDS: Final = 10.0


def take_down(layout: Layout, reporter: Reporter) -> bool:
    """Take everything of the cluster down; True when anything was there.

    What takes long to make (the built programs, the base image) stays in the cache.

    Raises:
        BringUpError: something resists; calling again goes on from there.
    """
    if not leftovers(layout):
        return False
    with held(layout.lock, reporter, remove=True):
        keep = _chains_to_keep(layout)
        _end(layout, STOP_FIRST)
        # Shims before containers, or each shim would report its container's end.
        _end(layout, (CONTAINER_SHIM,))
        processes.end(cgroups.pod_processes(), grace_seconds=0)
        _end(layout, PROGRAMS)
        # A container that was being started while we looked.
        processes.end(cgroups.pod_processes(), grace_seconds=0)
        reporter.say("processes and containers: ended")
        iptables.remove_rules(keep)
        network.remove_bridge()
        sysctls.restore(layout.sysctls_before)
        reporter.say("network: removed")
        cgroups.remove_pod_groups()
        _remove_state(layout)
        reporter.say(f"{layout.state}: removed")
    return True


def _end(layout: Layout, names: tuple[str, ...]) -> None:
    processes.end(processes.find(names, str(layout.state)), grace_seconds=0)


def _chains_to_keep(layout: Layout) -> frozenset[str]:
    """Chains that were there before the cluster; all of them when there was no cluster."""
    try:
        return frozenset(json.loads(layout.chains_before.read_text()))
    except (FileNotFoundError, ValueError):
        present = iptables.present_chains()
        return frozenset() if IPTABLES_CHAIN in present else present


def _remove_state(layout: Layout) -> None:
    _remove(layout.trash)
    if layout.state.exists():
        layout.state.rename(layout.trash)
    _remove(layout.trash)


def _remove(folder: Path) -> None:
    """Remove a folder; the kernel may hold its last mounts for a moment."""
    deadline = time.monotonic() + RELEASE_SECONDS
    while folder.exists():
        try:
            shutil.rmtree(folder)
        except OSError as refusal:
            if time.monotonic() > deadline:
                raise BringUpError(f"cannot remove {folder}: {refusal}") from refusal
            time.sleep(0.1)
