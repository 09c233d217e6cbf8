"""Follows the training container's log through the API server, across every interruption.

What the stream does (read in the sources of Kubernetes 1.34, cri-client/pkg/logs and kubelet):

- Before the container has started, the answer is 400 ("is waiting to start", "is not available").
  The kubelet looks at a pod once per second. One look has it start the training, beside which the
  collector already runs, and only the next one has it give out the log. So between the first
  request and the second is a longer pause.
- While it runs, the stream stays open. When it has ended, the kubelet sends what is left, up to the
  end of the file, and closes; it notices at the latest one second after the end.
- A log that is asked for when its container has ended comes at once and closes at once. So a
  silence makes the collector ask anew: it then ends up to a second sooner, which is often just in
  time for the kubelet's next look at the pod, and so frees the pod two seconds sooner. It asks
  soon, and once more for a program that takes its time to exit; and the more rarely, the longer
  the training lasts.
- If the kubelet or its connection goes away, the API server closes its own side *as if all was
  well*, possibly within a line. So a clean end alone means nothing: the log is asked for again, and
  only if that stream, too, ends at once and brings nothing new, the container has ended.
- After an error in the middle the kubelet writes the error's text into the stream; it carries no
  stamp, by which the splitter knows it.
- Rotation (10 MiB by default): an open stream goes on with the new file. A stream that is opened
  anew begins with the newest file; what was rotated away in between cannot be had through
  the API. Whoever prints megabytes per second should choose the source File.
- If the container is restarted in its pod, its new log is a new file, and follows like a rotation.

Reading blocks for as long as the training prints nothing, so it happens in a thread of its own.
"""

import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPResponse
from typing import NamedTuple
from urllib.parse import quote, urlencode

from kubetune.collector.api import Connect, Failures, read_answer
from kubetune.collector.backoff import Backoff
from kubetune.collector.channel import Channel
from kubetune.collector.cursor import Cursor

PIECE = 64 * 1024
"""Most bytes that are handed on at once."""

AT_ONCE = 5.0
"""Seconds; a stream that ends without news within them is that of a container that has ended."""

LATE_START = 2.0
"""Seconds after SIGTERM in which a container may still turn out to have run: of one that ended at
once the kubelet says "waiting to start" for up to a second after its end."""

SILENCES = (0.2, 0.4)
"""Seconds without output after which the log is asked for anew: the first time and the second."""

PROBE_GAP = 0.4
"""Seconds between two askings for that reason, or a tenth of the time so far if that is more."""

STARTING = 0.9
"""Seconds that a container which was not running when the collector began takes at least until its
log can be had; the kubelet looks once per second, and this process took a while to start."""

HEADER_TIMEOUT = 60.0
"""Seconds until an answer begins; some servers answer only when there is output, so be patient."""

_BAD_REQUEST, _NOT_FOUND, _OK = 400, 404, 200


class _Stream(NamedTuple):
    """How one request went: HTTP status (0: no answer), whether it ended well, brought news.

    `silent`: we ended it ourselves, because nothing came.
    """

    status: int
    clean: bool
    silent: bool
    news: bool
    seconds: float
    complaint: str


def pause(stopping: threading.Event, seconds: float) -> None:
    """Wait before the next attempt, but hardly any more once the collector is being stopped."""
    if stopping.wait(seconds):
        time.sleep(min(seconds, 0.2))


class Follower:
    """Reads one container's log from its beginning to its end.

    Args:
        path: Of the log in the API, without a query.
        container: The training container.
        connect: Opens a connection to the API server.
        token: Returns the bearer token.
        emit: Takes the next piece of the log, in order; may block.
        log: Takes a line about what went wrong.
        monotonic: Clock for durations, in seconds.
        pause: Waits before the next attempt.
    """

    def __init__(
        self,
        path: str,
        container: str,
        *,
        connect: Connect,
        token: Callable[[], str],
        emit: Callable[[bytes], None],
        log: Callable[[str], None],
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[threading.Event, float], None] = pause,
    ) -> None:
        self._path = path
        self._container = container
        self._channel = Channel(connect, token)
        self._emit = emit
        self._log = log
        self._monotonic = monotonic
        self._pause = pause
        self._cursor = Cursor()
        self._complaint = ""
        self._began = self._probe_from = monotonic()
        self._probes = 0

    def run(self, stopping: threading.Event) -> None:
        """Follow the log until the container has ended.

        After `stopping` is set, a container that never started is not waited for much longer;
        everything else goes on, because the caller bounds it.
        """
        try:
            self._follow(stopping)
        finally:
            self._channel.close()

    def _follow(self, stopping: threading.Event) -> None:
        backoff = Backoff(0.3, 2.0, 1.3)
        first = True
        ended_before = False
        pressed_at: float | None = None
        while True:
            stream = self._read_stream()
            if stream.silent:
                ended_before = False
                backoff.reset()
                continue
            if stream.clean:
                quiet = not stream.news and stream.seconds < AT_ONCE
                if quiet and ended_before:
                    return
                ended_before = True
                backoff.reset()
                continue
            ended_before = False
            if stopping.is_set() and stream.status in {_BAD_REQUEST, _NOT_FOUND}:
                pressed_at = self._monotonic() if pressed_at is None else pressed_at
                if stream.status == _NOT_FOUND or self._monotonic() - pressed_at > LATE_START:
                    return
            self._complain(stream)
            if stream.news:
                backoff.reset()
            waiting = first and stream.status == _BAD_REQUEST
            self._pause(stopping, STARTING if waiting else backoff.wait())
            first = False

    def _read_stream(self) -> _Stream:
        began = self._monotonic()
        status, news, clean, silent, complaint = 0, False, False, False, ""
        try:
            response = self._request()
            status = response.status
            if status == _OK:
                for piece in self._pieces(response):
                    if piece is None:
                        silent = True
                        break
                    news = True
                    self._emit(piece)
                clean = not silent
            else:
                complaint = read_answer(response).message
        except Failures as error:
            self._channel.close()
            complaint = f"{type(error).__name__}: {error}"
        return _Stream(status, clean, silent, news, self._monotonic() - began, complaint)

    def _request(self) -> HTTPResponse:
        query = {"container": self._container, "follow": "true", "timestamps": "true"}
        since = self._cursor.since()
        if since:
            query["sinceTime"] = since
        self._cursor.reopened()
        path = f"{self._path}?{urlencode(query, quote_via=quote)}"
        return self._channel.ask("GET", path, headers={"Accept": "*/*"}, timeout=HEADER_TIMEOUT)

    def _pieces(self, response: HTTPResponse) -> Iterator[bytes | None]:
        """Yield what is new; None, and no more, when the log should be asked for anew."""
        while True:
            self._channel.wait_at_most(self._patience())
            try:
                data = response.read1(PIECE)
            except TimeoutError:
                self._probes += 1
                now = self._monotonic()
                self._probe_from = now + max(PROBE_GAP, (now - self._began) / 10)
                yield None
                return
            if not data:
                return
            piece = self._cursor.take(data)
            if piece:
                self._probes = 0
                yield piece

    def _patience(self) -> float | None:
        """Seconds to wait for output; None for ever: TCP keep-alive notices a dead peer."""
        if self._probes == len(SILENCES):
            return None
        return max(SILENCES[self._probes], self._probe_from - self._monotonic())

    def _complain(self, stream: _Stream) -> None:
        """Say what is wrong, once: a container that is still starting is not wrong."""
        if stream.status != _BAD_REQUEST and stream.complaint != self._complaint:
            self._complaint = stream.complaint
            self._log(
                f"following the log failed: {stream.status or 'no answer'}: {self._complaint}"
            )
