"""The processes of this machine that run trials: started, followed, ended, and found again.

Each attempt leads a process group and a session of its own, so that all that it starts ends with
it, and so that Ctrl-C reaches us alone. Its output goes to a file and not through us: it goes on
when we do not.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from kubetune.local import identity, starter
from kubetune.local.attempt import Attempt, Command, Start
from kubetune.local.judge import SIGNALS_FROM
from kubetune.local.output import Output, Reading, last_lines
from kubetune.local.store import Store


class Processes(Protocol):
    """What the runner asks of a machine."""

    def attempts(self) -> dict[str, Attempt]:
        """Return the latest attempt of each trial that had one, by the trial's name."""

    def start(self, start: Start, directory: Path, command: Command) -> None:
        """Start an attempt in a directory of its own."""

    def stop(self, name: str) -> None:
        """Ask a trial's process to end."""

    def kill(self, name: str) -> None:
        """End a trial's process."""

    def abandon(self) -> None:
        """End all of them at once, for nobody will look after them any more."""


@dataclass(slots=True, kw_only=True)
class _Entry:
    """One attempt and its process.

    Attributes:
        attempt: What is known of it.
        pid: The process; 0 when there is none.
        start: Which process of that number it is.
        child: The process as its parent sees it; None for an orphan.
        complaints: Descriptor from which to read why it could not be executed; -1 without one.
        output: What it reports; None for an orphan.
        log: Its output file.
    """

    attempt: Attempt
    pid: int
    start: str
    log: Path
    child: "subprocess.Popen[bytes] | None" = None
    complaints: int = -1
    output: Output | None = field(default=None)


class ProcessTable:
    """The processes of one job's trials.

    Args:
        store: Where is written down which processes there are.
        reading: How their output is read.
        now: The clock.
        draw_uid: Gives an attempt its name.
    """

    def __init__(
        self,
        store: Store,
        reading: Reading,
        *,
        now: Callable[[], datetime],
        draw_uid: Callable[[], str],
    ) -> None:
        self._store = store
        self._reading = reading
        self._now = now
        self._draw_uid = draw_uid
        self._entries: dict[str, _Entry] = {}

    def recover(self) -> None:
        """Find what an earlier call left running."""
        for name, content in self._store.processes():
            pid, start = int(content["pid"]), str(content["start"])
            if identity.start_of(pid) != start:
                for survivor in identity.leftovers_of(pid, f"KUBETUNE_TRIAL={name}"):
                    identity.end(survivor)
                self._store.forget_process(name)
                continue
            started = datetime.fromisoformat(str(content["startedAt"]))
            attempt = Attempt(
                uid=str(content["uid"]),
                started_at=started,
                series_started_at=started,
                is_orphan=True,
            )
            self._entries[name] = _Entry(
                attempt=attempt, pid=pid, start=start, log=Path(os.devnull)
            )

    def attempts(self) -> dict[str, Attempt]:
        """Return the latest attempt of each trial that had one, by the trial's name."""
        for name, entry in self._entries.items():
            if entry.attempt.is_alive:
                self._update(name, entry)
        return {name: entry.attempt for name, entry in self._entries.items()}

    def start(self, start: Start, directory: Path, command: Command) -> None:
        """Start an attempt in a directory of its own; what is in the way is told as its problem."""
        now = self._now()
        attempt = Attempt(
            uid=self._draw_uid(),
            started_at=now,
            series_started_at=start.series_started_at or now,
            failures=start.failures,
        )
        try:
            self._entries[start.name] = self._started(start.name, attempt, directory, command)
        except OSError as error:
            problem = f"cannot start {command.argv[0]!r}: {error.strerror or error}"
            attempt = replace(attempt, is_alive=False, ended_at=now, problem=problem)
            self._entries[start.name] = _Entry(
                attempt=attempt, pid=0, start="", log=directory / "output.log"
            )

    def stop(self, name: str) -> None:
        """Ask a trial's process to end."""
        entry = self._entries[name]
        entry.attempt = replace(entry.attempt, stopping_since=self._now())
        identity.signal_group(entry.pid, signal.SIGTERM)

    def kill(self, name: str) -> None:
        """End a trial's process."""
        identity.signal_group(self._entries[name].pid, signal.SIGKILL)

    def abandon(self) -> None:
        """End all of them at once, for nobody will look after them any more."""
        for entry in self._entries.values():
            if entry.attempt.is_alive:
                identity.signal_group(entry.pid, signal.SIGKILL)

    def _started(self, name: str, attempt: Attempt, directory: Path, command: Command) -> _Entry:
        directory.mkdir(parents=True)
        for made in command.directories:
            Path(made).mkdir(parents=True, exist_ok=True)
        log = directory / "output.log"
        complaints, told = os.pipe()
        try:
            with log.open("xb") as output:
                child = subprocess.Popen(  # noqa: S603  the user's own command, as they wrote it
                    [sys.executable, "-I", "-S", str(starter.__file__), str(told)],
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=(told,),
                )
        except OSError:
            os.close(complaints)
            raise
        finally:
            os.close(told)
        start = identity.start_of(child.pid) or ""
        self._store.save_process(
            name,
            {
                "pid": child.pid,
                "start": start,
                "uid": attempt.uid,
                "startedAt": attempt.started_at.isoformat(),
            },
        )
        _give_order(child, command)
        path = log if command.metrics_path is None else Path(command.metrics_path)
        return _Entry(
            attempt=attempt,
            pid=child.pid,
            start=start,
            log=log,
            child=child,
            complaints=complaints,
            output=self._reading.follow(path),
        )

    def _update(self, name: str, entry: _Entry) -> None:
        """Take in what has happened to a process that was alive."""
        if entry.child is None:
            if identity.start_of(entry.pid) != entry.start:
                identity.signal_group(entry.pid, signal.SIGKILL)
                self._forget(name, entry, exit_code=None)
            return
        if not _has_ended(entry.child):
            if entry.output is not None:
                observations = entry.output.observations()
                entry.attempt = replace(entry.attempt, observations=observations)
            return
        # While its number is still its own: what it left running ends with it, as in a container.
        identity.signal_group(entry.pid, signal.SIGKILL)
        code = entry.child.wait()
        if entry.output is not None:
            entry.attempt = replace(entry.attempt, observations=entry.output.close())
        self._forget(name, entry, exit_code=code if code >= 0 else SIGNALS_FROM - code)

    def _forget(self, name: str, entry: _Entry, *, exit_code: int | None) -> None:
        complaint = b""
        if entry.complaints >= 0:
            complaint = os.read(entry.complaints, 4096)
            os.close(entry.complaints)
        entry.attempt = replace(
            entry.attempt,
            is_alive=False,
            exit_code=exit_code,
            ended_at=self._now(),
            problem=complaint.decode("utf-8", "replace") or None,
            tail=last_lines(entry.log),
        )
        self._store.forget_process(name)


def _has_ended(child: "subprocess.Popen[bytes]") -> bool:
    """Return whether a child has ended; where the system can tell, without letting go of it."""
    if not hasattr(os, "waitid"):
        return child.poll() is not None
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, child.pid, options) is not None


def _give_order(child: "subprocess.Popen[bytes]", command: Command) -> None:
    order: dict[str, Any] = {
        "argv": list(command.argv),
        "environment": dict(command.environment),
        "directory": command.directory,
    }
    assert child.stdin is not None  # noqa: S101  it was asked for
    try:
        with child.stdin as stdin:
            stdin.write(json.dumps(order).encode())
    except BrokenPipeError:
        return  # it has ended, as its exit code will tell
