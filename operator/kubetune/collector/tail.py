"""Follows a file that the training code writes, by looking at it a few times a second.

The file may not exist yet; it may be renamed and created anew, truncated, or copied and truncated.
What was written between the last look and a truncation is lost, which is why looks are frequent.
The standard library has no inotify, and emptyDir volumes may be on any file system anyway.
"""

import os
import stat
import threading
from collections.abc import Callable

PIECE = 64 * 1024
"""Most bytes that are handed on at once."""

POLL = 0.2
"""Seconds between two looks."""

_REMEMBERED = 64


class FileTail:
    """Reads one growing file from its beginning until it is told that nothing will follow.

    Args:
        path: The file.
        emit: Takes the next piece of the file, in order; may block.
        log: Takes a line about what went wrong.
        poll: Seconds between two looks.
    """

    def __init__(
        self,
        path: str,
        *,
        emit: Callable[[bytes], None],
        log: Callable[[str], None],
        poll: float = POLL,
    ) -> None:
        self._path = path
        self._emit = emit
        self._log = log
        self._poll = poll
        self._file = -1
        self._position = 0
        self._last = b""
        self._complaint = ""

    def run(self, stopping: threading.Event) -> None:
        """Read until `stopping` is set, then what is left."""
        self.look()
        while not stopping.wait(self._poll):
            self.look()
        self.look()
        self.close()

    def close(self) -> None:
        """Close the file; nothing more is read."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def look(self) -> None:
        """Read everything that is there now."""
        if self._file < 0 and not self._open():
            return
        self._read_rest()
        while self._replaced():
            self._read_rest()  # what was written to the old file after the last read
            os.close(self._file)
            self._file = -1
            self._end_line()
            if not self._open():
                return
            self._read_rest()

    def _open(self) -> bool:
        try:
            file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return False
        except OSError as error:
            self._complain(f"cannot read {self._path}: {error.strerror}")
            return False
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            self._complain(f"cannot read {self._path}: it is not a regular file")
            return False
        self._file = file
        self._position = 0
        self._last = b""
        return True

    def _read_rest(self) -> None:
        self._check_for_truncation()
        while data := os.pread(self._file, PIECE, self._position):
            self._position += len(data)
            self._last = (self._last + data[-_REMEMBERED:])[-_REMEMBERED:]
            self._emit(data)

    def _check_for_truncation(self) -> None:
        """Start over if what was read is not there any more."""
        there = os.pread(self._file, len(self._last), self._position - len(self._last))
        if there == self._last:
            return
        self._end_line()
        if len(there) == len(self._last) and not there.strip(b"\x00"):
            # Truncated under a writer that kept its place: a hole, and the news behind it.
            self._last = there
        else:
            self._position = 0
            self._last = b""

    def _replaced(self) -> bool:
        """Tell whether the path names another file now; a missing one has no successor yet."""
        try:
            now = os.stat(self._path)  # noqa: PTH116 (pathlib costs import time)
        except OSError:
            return False
        mine = os.fstat(self._file)
        return (now.st_dev, now.st_ino) != (mine.st_dev, mine.st_ino)

    def _end_line(self) -> None:
        if self._last and not self._last.endswith(b"\n"):
            self._emit(b"\n")

    def _complain(self, complaint: str) -> None:
        if complaint != self._complaint:
            self._complaint = complaint
            self._log(complaint)
