"""CPU time and memory of containers' processes, where the node is this machine."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

PROC: Final = Path("/proc")
_SAMPLE_SECONDS: Final = 0.1
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def of_container(container: str) -> int | None:
    """The first process of a container (its id without the runtime's name), if it is here."""
    found = (int(path.name) for path in _processes() if container in _read(path / "cgroup"))
    return min(found, default=None)


def cpu_seconds(process: int) -> float | None:
    """CPU time that a process took so far, of user and system; None when it is gone."""
    fields = _read(PROC / str(process) / "stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS if fields else None


def peak_bytes(process: int) -> int | None:
    """The most memory that a process had resident so far; None when it is gone."""
    for line in _read(PROC / str(process) / "status").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return None


class MemorySampler:
    """Looks ten times a second at all processes in pods, and keeps the peak of each container.

    This costs CPU time of its own: not for runs that are timed.
    """

    def __init__(self) -> None:
        self._peaks: dict[str, int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def peak(self, container: str) -> int | None:
        """The peak of a container by its id, in bytes; None when it was never seen."""
        return max(
            (peak for group, peak in self._peaks.items() if container in group), default=None
        )

    def _sample(self) -> None:
        while not self._stop.wait(_SAMPLE_SECONDS):
            for path in _processes():
                group = _read(path / "cgroup")
                # The runtime's own process stands there before the container's takes its place.
                if "kubepods" not in group or not _read(path / "cmdline").startswith("python3"):
                    continue
                peak = peak_bytes(int(path.name))
                if peak is not None:
                    self._peaks[group] = max(self._peaks.get(group, 0), peak)


def _processes() -> Iterator[Path]:
    return (path for path in PROC.iterdir() if path.name.isdigit())


def _read(path: Path) -> str:
    """A file of /proc; empty when its process went away meanwhile."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
