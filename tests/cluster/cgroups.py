"""The control groups that the kubelet makes for pods: who is in them, and how to remove them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path("/sys/fs/cgroup")
PODS: Final = "kubepods"


def pod_groups(root: Path = ROOT) -> tuple[Path, ...]:
    """The top of the pods' groups in every hierarchy (one in cgroup v2, a dozen in v1)."""
    candidates = (root / PODS, *(folder / PODS for folder in sorted(root.iterdir())))
    return tuple(path for path in candidates if path.is_dir())


def pod_processes(root: Path = ROOT) -> tuple[int, ...]:
    """Every process of every pod."""
    found: set[int] = set()
    for top in pod_groups(root):
        for group in _deepest_first(top):
            try:
                found.update(int(pid) for pid in (group / "cgroup.procs").read_text().split())
            except OSError:
                continue  # the group went away while we looked
    return tuple(sorted(found))


def remove_pod_groups(root: Path = ROOT) -> None:
    """Remove the pods' groups; they must hold no process any more."""
    for top in pod_groups(root):
        for group in _deepest_first(top):
            try:
                group.rmdir()
            except FileNotFoundError:
                continue


def _deepest_first(top: Path) -> Iterator[Path]:
    try:
        children = [path for path in top.iterdir() if path.is_dir()]
    except FileNotFoundError:
        return
    for child in children:
        yield from _deepest_first(child)
    yield top
