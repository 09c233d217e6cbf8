"""Remembers how far a log stream was read, so that it resumes without loss or repetition; pure.

A log can only be asked for from a whole second on, so a new stream repeats lines that were seen.
With ``timestamps=true`` every line carries its stamp, and within one log file the order of lines
never changes. A place in it is therefore: behind the k-th line with a certain stamp, and so many
bytes into the line after that. (Counting is needed: some runtimes stamp all lines of one write
alike.) If the place is gone because the file was rotated, reading goes on with the first line
that is newer than it.
"""

from datetime import UTC, datetime, timedelta

from kubetune.collector.lines import STAMP, STAMP_LIMIT

_DISORDER = timedelta(milliseconds=50)
"""stdout and stderr are stamped by two threads: a later line may be older by so much."""

_LONG_AGO = datetime(1970, 1, 2, tzinfo=UTC)


class Cursor:
    """The place in one container's log, fed with everything that the streams bring.

    State: `_stamp` and `_repeat` name the last complete line; `_head` holds the first bytes and
    `_partial` the length of what was read of the line behind it. After `reopened`, `_seeking` is
    true until the last complete line has passed by, and `_skip` bytes of the next one are known.
    """

    def __init__(self) -> None:
        self._stamp = b""
        self._repeat = 0
        self._head = b""
        self._partial = 0
        self._seeking = False
        self._passed = 0
        self._skip = 0
        self._pending = b""

    def since(self) -> str | None:
        """Return the ``sinceTime`` to ask for: a second before the last line; None: everything."""
        if not self._stamp:
            return None
        moment = _moment(self._stamp) - timedelta(seconds=1)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def reopened(self) -> None:
        """Prepare for a new stream that was asked for with `since`."""
        self._seeking = bool(self._stamp)
        self._passed = 0
        self._pending = b""
        self._skip = self._partial

    def take(self, data: bytes) -> bytes:
        """Take a piece of the current stream; return what in it is new, ready for the splitter."""
        if self._seeking:
            data = self._seek(data)
        start = b""
        if self._skip and not self._seeking and data:
            start, data = self._skip_partial(data)
        if data:
            self._advance(data)
        return start + data

    def _advance(self, data: bytes) -> None:
        last = data.rfind(b"\n")
        if last < 0:
            self._head = (self._head + data[:STAMP_LIMIT])[:STAMP_LIMIT]
            self._partial += len(data)
            return
        block = self._head + data[:last]
        self._head = data[last + 1 : last + 1 + STAMP_LIMIT]
        self._partial = len(data) - last - 1
        end = len(block)
        while end >= 0:
            start = block.rfind(b"\n", 0, end) + 1
            match = STAMP.match(block, start)
            if match:
                alike = block.count(b"\n" + match[0]) + block.startswith(match[0])
                self._repeat = alike + (self._repeat if match[1] == self._stamp else 0)
                self._stamp = match[1]
                return
            end = start - 1

    def _seek(self, data: bytes) -> bytes:
        """Drop what was seen; return what follows the last complete line, b"" while it is ahead."""
        data = self._pending + data
        at = 0
        while True:
            match = STAMP.match(data, at)
            if match and _moment(match[1]) > _moment(self._stamp) + _DISORDER:
                break  # the place is gone
            end = data.find(b"\n", at)
            if end < 0:
                self._pending = data[at : at + STAMP_LIMIT]
                return b""
            at = end + 1
            if match and match[1] == self._stamp:
                self._passed += 1
                if self._passed == self._repeat:
                    break
        self._seeking = False
        self._pending = b""
        return data[at:]

    def _skip_partial(self, data: bytes) -> tuple[bytes, bytes]:
        """Skip the known start of the line that was being read, if this is that line.

        Returns:
            What to put in front (a line end when that line will not go on) and the new bytes.
        """
        data = self._pending + data
        self._pending = b""
        if self._skip == self._partial:
            # Without a stamp it was cut within one, or it was the kubelet's own words.
            if not STAMP.match(self._head) or not data.startswith(self._head[: len(data)]):
                self._skip = self._partial = 0
                self._head = b""
                return b"\n", data
            if len(data) < len(self._head):
                self._pending = data
                return b"", b""
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        return b"", data[skipped:]


def _moment(stamp: bytes) -> datetime:
    """Return when a stamp is, in UTC, to the microsecond; a malformed one is long ago."""
    try:
        moment = datetime.fromisoformat(stamp.decode("ascii", "replace"))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return _LONG_AGO
