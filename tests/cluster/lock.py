"""One change at a time: two `up`s, or an `up` and a `down`, must not race."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.progress import Reporter


@contextmanager
def held(path: Path, reporter: Reporter, *, remove: bool = False) -> Iterator[None]:
    """Hold the lock file `path`; wait, and say so, while somebody else holds it.

    The kernel drops the lock when its holder dies, however it dies. With `remove` the file is
    deleted at the end. Whoever waited on the deleted file notices that the name no longer leads
    to what was locked, and locks anew.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = _locked(path, reporter)
    try:
        yield
    finally:
        if remove:
            path.unlink(missing_ok=True)
        os.close(descriptor)


def _locked(path: Path, reporter: Reporter) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            reporter.say(f"waiting: process {holder} is already at work ({path})")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if _same_file(descriptor, path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            return descriptor
        os.close(descriptor)


def _same_file(descriptor: int, path: Path) -> bool:
    try:
        named = path.stat()
    except FileNotFoundError:
        return False
    opened = os.fstat(descriptor)
    return (named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino)
