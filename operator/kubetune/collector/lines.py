r"""Bytes in arbitrary pieces become lines of training output; pure, and bounded whatever comes.

A line ends at ``\n``, or at ``\r`` as progress bars print it. Terminal escapes and NULs are taken
out, and what exceeds `LINE_LIMIT` is cut off. The lines are the same however the bytes were split.

Speed: lines that hold no metric are by far the most, so a piece in which none of the wanted words
occurs is never split into lines at all.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

LINE_LIMIT = 16 * 1024
"""Bytes of a line that are looked at; containerd stores log lines in parts of this size as well."""

STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^ \r\n]{1,32}) ")
"""What ``timestamps=true`` puts in front of a log line."""

STAMP_LIMIT = 64
"""No stamp is longer, in bytes, with its space."""

_TAIL_BYTES = 16 * 1024
_ESCAPES = re.compile(
    rb"\x1b(?:\[[0-?]*+[ -/]*+[@-~]|\][^\x07\x1b]*+(?:\x07|\x1b\\)|[@-Z\\^_])?|\x00"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Line(NamedTuple):
    """One line of training output.

    Attributes:
        text: Without the line end, escapes and NULs; at most `LINE_LIMIT` bytes, any encoding.
        stamp: When it was printed, as the log says it; None where the source does not tell.
    """

    text: bytes
    stamp: bytes | None


class LineSplitter:
    r"""Splits a stream of bytes into the lines that may hold a metric.

    Args:
        words: Lines that contain none of these are dropped; no words: every line is kept.
        stamped: Every line (up to ``\n``) begins with a log stamp; a line without one did not
            come from the training code (the kubelet writes its own errors into the stream) and is
            dropped.

    Attributes:
        count: Lines that ended with ``\n`` so far.
    """

    def __init__(self, words: tuple[bytes, ...], *, stamped: bool) -> None:
        self.count = 0
        self._words = words
        self._stamped = stamped
        self._hold = LINE_LIMIT + (STAMP_LIMIT if stamped else 0)
        self._open = bytearray()
        self._fresh = True
        self._recent = b""

    def feed(self, data: bytes) -> Iterator[Line]:
        """Take the next piece of the stream; consume the result before feeding again."""
        if b"\x00" in data:  # before the words are looked for: UTF-16 is full of them
            data = data.replace(b"\x00", b"")
        self._remember(data)
        self.count += data.count(b"\n")
        first = _first_break(data)
        if first < 0:
            self._extend(data)
            return
        self._extend(data[:first])
        yield from self._flush()
        last = max(data.rfind(b"\n"), data.rfind(b"\r"))
        if last > first:
            yield from self._block(data[first + 1 : last], fresh=data[first] == ord("\n"))
        self._fresh = data[last] == ord("\n")
        self._extend(data[last + 1 :])

    def close(self) -> Iterator[Line]:
        """End the stream: what follows the last line end is a line too."""
        if self._open:
            self.count += 1
        yield from self._flush()

    def tail(self, lines: int, width: int) -> list[str]:
        """Return the last non-empty lines, oldest first, as a terminal would show them.

        Args:
            lines: At most so many; fewer when the last 16 KiB hold fewer.
            width: Characters of each line that are kept.
        """
        rows = self._recent.split(b"\n")
        if len(rows) > 1 and len(self._recent) == _TAIL_BYTES:
            rows = rows[1:]  # most likely the end of a longer line
        shown: list[str] = []
        for row in reversed(rows):
            text = self._shown(row)[:width].rstrip()
            if text:
                shown.append(text)
            if len(shown) == lines:
                break
        return shown[::-1]

    def _shown(self, row: bytes) -> str:
        if self._stamped:
            match = STAMP.match(row)
            row = row[match.end() :] if match else b""
        parts = [part for part in _ESCAPES.sub(b"", row).split(b"\r") if part.strip()]
        return _CONTROL.sub(" ", parts[-1].decode("utf-8", "replace")) if parts else ""

    def _remember(self, data: bytes) -> None:
        self._recent = (self._recent + data[-_TAIL_BYTES:])[-_TAIL_BYTES:]

    def _extend(self, data: bytes) -> None:
        room = self._hold - len(self._open)
        if room > 0:
            self._open += data[:room]

    def _flush(self) -> Iterator[Line]:
        segment = bytes(self._open)
        self._open.clear()
        yield from self._line(segment, fresh=self._fresh)

    def _block(self, block: bytes, *, fresh: bool) -> Iterator[Line]:
        if not self._wanted(block):
            return
        for row in block.split(b"\n"):
            if self._wanted(row):
                for segment in row.split(b"\r"):
                    yield from self._line(segment, fresh=fresh)
                    fresh = False
            fresh = True

    def _wanted(self, data: bytes) -> bool:
        return not self._words or any(word in data for word in self._words)

    def _line(self, segment: bytes, *, fresh: bool) -> Iterator[Line]:
        stamp = None
        if self._stamped and fresh:
            match = STAMP.match(segment)
            if match is None:
                return
            stamp = match[1]
            segment = segment[match.end() :]
        text = segment[:LINE_LIMIT]
        if not self._wanted(text):
            return
        if b"\x1b" in text:
            text = _ESCAPES.sub(b"", text)
        if text:
            yield Line(text, stamp)


def _first_break(data: bytes) -> int:
    """Return the index of the first line end in `data`, -1 if there is none."""
    newline = data.find(b"\n")
    carriage = data.find(b"\r", 0, newline if newline >= 0 else len(data))
    return carriage if carriage >= 0 else newline
