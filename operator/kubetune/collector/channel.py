"""One connection to the API server, used again for as long as answers are read to their end.

A connection costs both sides a handshake, about 4 ms of CPU together, and trials are short and
many. What must never happen: that an answer is taken for that to another request, or that a
connection which the server closed while it was idle looks like an API server that is away.
"""

import http.client
from collections.abc import Callable, Mapping

from kubetune.collector.api import Connect, Failures


class Channel:
    """Sends one request after the other.

    Args:
        connect: Opens a connection to the API server.
        token: Returns the bearer token; asked for each request.
    """

    def __init__(self, connect: Connect, token: Callable[[], str]) -> None:
        self._connect = connect
        self._token = token
        self._connection: http.client.HTTPConnection | None = None
        self._response: http.client.HTTPResponse | None = None

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str],
        timeout: float,
    ) -> http.client.HTTPResponse:
        """Send a request; return the response, whose body is still to be read.

        An answer to an earlier request that was not read to its end is given up, with its
        connection.

        Args:
            method: GET or PATCH; it may arrive twice, so it must be one that may.
            path: With the query.
            body: None: no body.
            headers: Without the authorization, which is added.
            timeout: Seconds until an answer begins, and between its pieces.

        Raises:
            OSError, http.client.HTTPException: No answer.
        """
        headers = {**headers, "Authorization": f"Bearer {self._token()}"}
        free = self._free_connection()
        if free is not None:
            try:
                return self._send(free, method, path, body, headers=headers, timeout=timeout)
            except Failures:  # most likely closed by the server while it was idle
                pass
        self.close()
        self._connection = self._connect()
        return self._send(self._connection, method, path, body, headers=headers, timeout=timeout)

    def wait_at_most(self, seconds: float | None) -> None:
        """Set how long the next read of the body may take; None: for ever."""
        # No socket: the server is going to close the connection, and the response alone has it.
        if self._connection is not None and self._connection.sock is not None:
            self._connection.sock.settimeout(seconds)

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._response is not None:
            self._response.close()
        if self._connection is not None:
            self._connection.close()
        self._connection = self._response = None

    def _free_connection(self) -> http.client.HTTPConnection | None:
        """Return the connection if nothing more is to come over it, and it is to stay open."""
        connection, response = self._connection, self._response
        if connection is None or connection.sock is None:
            return None
        return connection if response is not None and response.isclosed() else None

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | None,
        *,
        headers: Mapping[str, str],
        timeout: float,
    ) -> http.client.HTTPResponse:
        self._response = None
        connection.sock.settimeout(timeout)
        connection.request(method, path, body, headers)
        self._response = connection.getresponse()
        return self._response
