"""When observations go to the Trial, and what to make of the API server's answer.

At most one patch per `INTERVAL`, except at once for what the operator waits for (the first value,
a rung, the end). The whole series is sent each time, so a lost answer does no harm and a patch may
be repeated. Nothing is dropped while the API server is away: the next patch brings all of it.
"""

import http.client
import json
import time
from collections.abc import Callable
from typing import Any

from kubetune.collector.api import ANSWER_TIMEOUT, Answer, Connect, Failures, read_answer
from kubetune.collector.backoff import Backoff
from kubetune.collector.channel import Channel

SHORTEST_WAIT = 0.2
"""Seconds between two attempts at least, even if the server says ``Retry-After: 0``."""

INTERVAL = 5.0
"""Seconds between two patches that nobody waits for."""

_GONE = 404
_RETRIED = frozenset({401, 408, 409, 429})


class Reporter:
    """Publishes the observations of one Trial.

    Args:
        path: Of the Trial's status in the API.
        connect: Opens a connection to the API server.
        token: Returns the bearer token.
        log: Takes a line about what went wrong.
        monotonic: Clock for durations, in seconds.

    Attributes:
        gone: True once the API server said that the Trial does not exist: there is nobody to report
            to any more.
    """

    def __init__(
        self,
        path: str,
        *,
        connect: Connect,
        token: Callable[[], str],
        log: Callable[[str], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.gone = False
        self._path = path
        self._channel = Channel(connect, token)
        self._log = log
        self._monotonic = monotonic
        self._unpublished = False
        self._urgent = False
        self._next_regular = 0.0
        self._not_before = 0.0
        self._away = Backoff(0.5, 8.0)
        self._refused = Backoff(1.0, 30.0)
        self._complaint = ""

    def note(self, *, urgent: bool) -> None:
        """There is something new; urgent: somebody waits for it."""
        self._unpublished = True
        self._urgent = self._urgent or urgent

    def finish(self) -> None:
        """Nothing more will come: what is unpublished is urgent."""
        self._urgent = self._unpublished

    def due_in(self) -> float | None:
        """Return the seconds until `publish` is to be called; None: there is nothing to publish."""
        if not self._unpublished or self.gone:
            return None
        at = self._not_before if self._urgent else max(self._not_before, self._next_regular)
        return max(0.0, at - self._monotonic())

    def publish(self, observations: list[dict[str, Any]]) -> None:
        """Send the series once; on failure it stays due, after a wait."""
        body = json.dumps(
            {"status": {"observations": observations}}, allow_nan=False, separators=(",", ":")
        )
        try:
            answer = self._patch(body.encode())
        except Failures as error:
            self._channel.close()
            self._complain(f"no answer: {type(error).__name__}: {error}")
            self._not_before = self._monotonic() + self._away.wait()
            return
        self._judge(answer)

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def _judge(self, answer: Answer) -> None:
        now = self._monotonic()
        if answer.status < http.client.BAD_REQUEST:
            self._unpublished = self._urgent = False
            self._next_regular = now + INTERVAL
            self._not_before = 0.0
            self._away.reset()
            self._refused.reset()
            self._complaint = ""
        elif answer.status == _GONE:
            self.gone = True
        else:
            self._complain(f"{answer.status}: {answer.message}")
            retried = (
                answer.status in _RETRIED or answer.status >= http.client.INTERNAL_SERVER_ERROR
            )
            wait = (self._away if retried else self._refused).wait()
            if answer.retry_after is not None:
                wait = max(SHORTEST_WAIT, answer.retry_after)
            self._not_before = now + wait

    def _patch(self, body: bytes) -> Answer:
        """Send one patch.

        Raises:
            OSError, http.client.HTTPException: No answer.
        """
        headers = {"Content-Type": "application/merge-patch+json", "Accept": "application/json"}
        response = self._channel.ask(
            "PATCH", self._path, body, headers=headers, timeout=ANSWER_TIMEOUT
        )
        return read_answer(response)

    def _complain(self, complaint: str) -> None:
        """Say what is wrong, once for each new complaint."""
        if complaint != self._complaint:
            self._complaint = complaint
            self._log(f"reporting failed, will retry: {complaint}")
