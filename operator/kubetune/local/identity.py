"""Which process it was: a number alone is used again by the system, number and start are not."""

import os
import signal
import subprocess
from pathlib import Path

_PROC = Path("/proc")
_START_FIELD = 19
"""Place of the start time among the fields of /proc/PID/stat that follow the command's name."""

_SESSION_FIELD = 3
_GONE = ("Z", "X", "x")


def start_of(pid: int) -> str | None:
    """Return a text that is the same for a process as long as it lives; None if it does not.

    A process that has ended and was not waited for does not live.
    """
    if not (_PROC / "self/stat").exists():
        return _start_by_ps(pid)
    fields = _stat(pid)
    if fields is None or fields[0] in _GONE:
        return None
    boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
    return f"{boot}/{fields[_START_FIELD]}"


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that leads a group, and to the whole group."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def end(pid: int) -> None:
    """End one process."""
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def leftovers_of(pid: int, mark: str) -> list[int]:
    """Return processes of the session that a process once led, where the system tells.

    Args:
        pid: The leader, which is gone.
        mark: What their environment holds, such as `NAME=value`: another session may have the same
            number by now.
    """
    found = []
    for path in _PROC.glob("[0-9]*"):
        fields = _stat(int(path.name))
        if fields is None or fields[0] in _GONE or fields[_SESSION_FIELD] != str(pid):
            continue
        try:
            environment = (path / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if mark.encode() in environment:
            found.append(int(path.name))
    return found


def _stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat behind the command's name, which may hold anything."""
    try:
        text = (_PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def _start_by_ps(pid: int) -> str | None:
    answer = subprocess.run(  # noqa: S603  a constant and a number
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],  # noqa: S607  found in PATH on every Unix
        capture_output=True,
        text=True,
        check=False,
    )
    state, _, started = answer.stdout.strip().partition(" ")
    return started.strip() if started and state[:1] not in _GONE else None
