"""What stands on this machine for the volumes of a trial's pod; pure.

A path in a container means nothing here, so paths below a mounted volume are written anew where
they stand in the command, its arguments and its environment:

emptyDir, ephemeral         a new directory of each attempt
hostPath                    the path that it names
persistentVolumeClaim       the path as it is where it exists, else one directory of the whole job
anything else               the path as it is
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

_PATH = r"[\w.~/-]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A volume where a container sees it.

    Attributes:
        volume: Its name in the pod.
        kind: What it is, such as `emptyDir`.
        path: Where the container sees it.
        local: What stands for it here; the same as `path` where nothing does.
        is_made: True for a directory that is made for it.
    """

    volume: str
    kind: str
    path: str
    local: str
    is_made: bool = False


def mounts_of(
    pod: Mapping[str, Any],
    container: Mapping[str, Any],
    *,
    own: PurePosixPath,
    shared: PurePosixPath,
    exists: Callable[[str], bool],
) -> tuple[Mount, ...]:
    """Return the mounts of a container.

    Args:
        pod: The pod's spec.
        container: One of its containers.
        own: Directory for volumes of the attempt alone.
        shared: Directory for volumes of the whole job.
        exists: Whether a path exists on this machine.
    """
    volumes = {str(volume.get("name")): volume for volume in pod.get("volumes") or []}
    found = []
    for mount in container.get("volumeMounts") or []:
        name, path = str(mount.get("name")), str(mount.get("mountPath", "")).rstrip("/")
        volume = volumes.get(name, {})
        kind = next((key for key in volume if key != "name"), "emptyDir")
        inner = str(mount.get("subPath") or "").strip("/")
        source = volume.get(kind) or {}
        local, is_made = path, False
        if kind in ("emptyDir", "ephemeral"):
            local, is_made = str(own / name / inner), True
        elif kind == "hostPath":
            local = str(PurePosixPath(str(source.get("path", path))) / inner)
        elif kind == "persistentVolumeClaim" and not exists(path):
            local, is_made = str(shared / str(source.get("claimName") or name) / inner), True
        if path:
            found.append(Mount(volume=name, kind=kind, path=path, local=local, is_made=is_made))
    return tuple(found)


def relocated(text: str, mounts: Sequence[Mount]) -> str:
    """Return the text with every path below a mount as it is on this machine."""
    places = {mount.path: mount.local for mount in mounts if mount.local != mount.path}
    if not places:
        return text
    longest_first = sorted(places, key=len, reverse=True)
    alternatives = "|".join(re.escape(path) for path in longest_first)
    pattern = rf"(?<!{_PATH})(?:{alternatives})(?=/|(?!{_PATH})|$)"
    return re.sub(pattern, lambda found: places[found[0]], text)
