"""The directory that stands in for the API server: a TuningJob and its Trials, one file each.

    DIR/tuningjob.json              the TuningJob, spec and status
    DIR/lock                        held by the call that runs it
    DIR/volumes/                    what stands for volumes of the whole job
    DIR/trials/NAME/trial.json      a Trial
    DIR/trials/NAME/process.json    its process, while there may be one
    DIR/trials/NAME/attempt-N/      output.log and volumes of one attempt

A file is replaced as a whole, so that a reader, and a call after a crash, find the old one or the
new one and never half of one.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from kubetune.kube.objects import Trial
from kubetune.record.objects import trial_json

JOB = "tuningjob.json"
TRIAL = "trial.json"
PROCESS = "process.json"


class StoreError(Exception):
    """Raised when the directory cannot be used; the command ends and passes the message on."""


class Store:
    """One directory with one TuningJob."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._trials = directory / "trials"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory alone until the end of the block.

        Raises:
            StoreError: Another call holds it, or it cannot be written to.
        """
        try:
            self._trials.mkdir(parents=True, exist_ok=True)
            lock = (self.directory / "lock").open("a+")
        except OSError as error:
            raise StoreError(f"cannot write to {self.directory}: {error.strerror}") from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.seek(0)
                raise StoreError(
                    f"another kubetune run (process {lock.read().strip()}) works in "
                    f"{self.directory}; wait for it, or choose another --directory"
                ) from None
            lock.truncate(0)
            lock.write(f"{os.getpid()}\n")
            lock.flush()
            yield

    def job(self) -> dict[str, Any] | None:
        """Return the TuningJob; None if there is none.

        Raises:
            StoreError: The file holds something else.
        """
        path = self.directory / JOB
        try:
            body = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise StoreError(f"cannot read {path}: {error}") from None
        if not isinstance(body, dict) or body.get("kind") != "TuningJob":
            raise StoreError(f"{path} is not a TuningJob")
        return body

    def trials(self) -> list[Trial]:
        """Return all Trials, those of earlier runs included, by name.

        Raises:
            StoreError: A file holds something else.
        """
        found = []
        for path in sorted(self._trials.glob(f"*/{TRIAL}")):
            try:
                found.append(msgspec.json.decode(path.read_bytes(), type=Trial))
            except (OSError, msgspec.DecodeError) as error:
                raise StoreError(f"cannot read {path}: {error}") from None
        return found

    def objects(self) -> Iterator[dict[str, Any]]:
        """Yield the TuningJob, if there is one, and all Trials, as JSON.

        Raises:
            StoreError: A file holds something else.
        """
        body = self.job()
        if body is not None:
            yield body
            yield from (trial_json(trial, body["metadata"]["name"]) for trial in self.trials())

    def save_job(self, body: Mapping[str, Any]) -> None:
        """Write the TuningJob."""
        write(self.directory / JOB, body)

    def save_trial(self, trial: Trial, tuning_job: str) -> None:
        """Write a Trial."""
        directory = self.trial(trial.metadata.name)
        directory.mkdir(exist_ok=True)
        write(directory / TRIAL, trial_json(trial, tuning_job))

    def trial(self, name: str) -> Path:
        """Return the directory of a trial."""
        return self._trials / name

    def attempt(self, name: str) -> Path:
        """Return the directory of a trial's next attempt, which does not exist yet."""
        taken = [
            int(path.name.removeprefix("attempt-"))
            for path in self.trial(name).glob("attempt-*")
            if path.name.removeprefix("attempt-").isdigit()
        ]
        return self.trial(name) / f"attempt-{max(taken, default=0) + 1}"

    def processes(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the records of processes that an earlier call may have left: trial and content."""
        for path in sorted(self._trials.glob(f"*/{PROCESS}")):
            with suppress(OSError, ValueError):
                yield path.parent.name, json.loads(path.read_bytes())

    def save_process(self, name: str, content: Mapping[str, Any]) -> None:
        """Write what is needed to find a trial's process again."""
        write(self.trial(name) / PROCESS, content)

    def forget_process(self, name: str) -> None:
        """Remove the record of a process that is gone."""
        (self.trial(name) / PROCESS).unlink(missing_ok=True)


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Put a JSON file in place as a whole."""
    text = msgspec.json.format(msgspec.json.encode(content), indent=2)
    new = path.with_name(f".{path.name}.new")
    with new.open("wb") as file:
        file.write(text + b"\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
