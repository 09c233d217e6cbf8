"""Long-running processes: started once, found again by a later command, ended for good.

A pid alone proves nothing: after a crash the kernel gives it to somebody else. A record
therefore also holds the boot and the moment (in clock ticks) at which the process began.
"""

import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tests.cluster.errors import BringUpError
from tests.cluster.files import write_whole

PROC: Final = Path("/proc")
POLL_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A process as it was started.

    `started` counts clock ticks since the boot named by `boot`. `command` is a hash of the
    command line and of the files it reads, so that a changed setting restarts the process.
    """

    name: str
    pid: int
    started: int
    boot: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run under `name`; `reads` are configuration files whose content matters."""

    name: str
    argv: tuple[str, ...]
    reads: tuple[Path, ...] = ()

    def fingerprint(self) -> str:
        """A hash that changes with the command line or with the content of a file in `reads`."""
        digest = hashlib.sha256("\0".join(self.argv).encode())
        for path in self.reads:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()


def boot_id(proc: Path = PROC) -> str:
    """The kernel's name for this boot."""
    return (proc / "sys/kernel/random/boot_id").read_text().strip()


def start_time(pid: int, proc: Path = PROC) -> int | None:
    """When process `pid` began, in clock ticks since boot; None when it is gone or a zombie."""
    try:
        stat = (proc / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command's name stands in parentheses and may itself hold spaces and parentheses.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in {"Z", "X"} else int(fields[19])


def is_alive(record: Record, proc: Path = PROC) -> bool:
    """Whether the very process of `record` still runs; a reused pid does not count."""
    return record.boot == boot_id(proc) and start_time(record.pid, proc) == record.started


def read_record(folder: Path, name: str) -> Record | None:
    """The record of `name`; None when there is none, or only the torn half of one."""
    try:
        return Record(**json.loads((folder / f"{name}.json").read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def read_records(folder: Path) -> tuple[Record, ...]:
    """Every readable record, by name."""
    names = sorted(path.stem for path in folder.glob("*.json"))
    return tuple(record for name in names if (record := read_record(folder, name)))


def start(command: Command, *, folder: Path, log: Path, environment: Mapping[str, str]) -> Record:
    """Start `command` in a session of its own, its output appended to `log`, and record it.

    Raises:
        BringUpError: it ended at once.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command.argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
            env=dict(environment),
        )
    # It outlives this command, which will never wait for it: without a return code, Popen would
    # complain that it is forgotten.
    process.returncode = 0
    started = start_time(process.pid)
    if started is None:
        raise BringUpError(f"{command.name} ended at once; see {log}")
    record = Record(
        name=command.name,
        pid=process.pid,
        started=started,
        boot=boot_id(),
        command=command.fingerprint(),
    )
    write_whole(folder / f"{command.name}.json", json.dumps(asdict(record)))
    return record


def find(names: Iterable[str], mention: str, proc: Path = PROC) -> tuple[int, ...]:
    """Processes whose program has one of `names` and whose arguments mention `mention`.

    This finds what was started a moment before a crash and never recorded, and the containers'
    shims, which nobody records.
    """
    wanted = frozenset(names)
    found: list[int] = []
    for entry in proc.iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if Path(words[0]).name in wanted and any(mention in word for word in words[1:]):
            found.append(int(entry.name))
    return tuple(sorted(found))


def end(pids: Sequence[int], *, grace_seconds: float) -> None:
    """End processes: SIGTERM, then SIGKILL for those still there after `grace_seconds`.

    Returns when all of them are gone. Processes that are not there are fine.

    Raises:
        BringUpError: one survives SIGKILL for ten seconds.
    """
    waits = ((signal.SIGTERM, grace_seconds), (signal.SIGKILL, 10.0))
    remaining = [pid for pid in pids if start_time(pid) is not None]
    for which, seconds in waits:
        if not seconds:
            continue
        for pid in remaining:
            _signal(pid, which)
        remaining = _wait_gone(remaining, seconds)
    if remaining:
        raise BringUpError(f"these processes do not end: {remaining}")


def _signal(pid: int, which: signal.Signals) -> None:
    try:
        os.kill(pid, which)
    except ProcessLookupError:
        return


def _wait_gone(pids: Iterable[int], seconds: float) -> list[int]:
    deadline = time.monotonic() + seconds
    remaining = list(pids)
    while remaining:
        remaining = [pid for pid in remaining if start_time(pid) is not None]
        if time.monotonic() > deadline:
            break
        time.sleep(POLL_SECONDS)
    return remaining
