"""The collector's connection to the API server: in-cluster credentials, plain requests; no policy.

The token is read for every request because the kubelet replaces it long before it expires, and the
certificate authority for every connection.
"""

import http.client
import json
import os
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
CONNECT_TIMEOUT = 5.0
"""Seconds for each step of TCP and TLS; the API server is in the same cluster."""

ANSWER_TIMEOUT = 5.0
"""Seconds for each piece of an answer that comes at once."""

MAX_ANSWER = 64 * 1024
"""Bytes of an answer that are kept: only a complaint's message is of interest."""

Connect = Callable[[], http.client.HTTPConnection]
"""Opens a connection; raises OSError when there is no API server."""

Failures = (OSError, http.client.HTTPException)
"""What a request raises when no answer came: refused, reset, cut, timed out, not HTTP."""


class Answer(NamedTuple):
    """An answer of the API server; `message` is its own words, `retry_after` in seconds."""

    status: int
    message: str
    retry_after: float | None


class Credentials(NamedTuple):
    """Where the API server is and how to prove who we are: the in-cluster convention."""

    host: str
    port: int
    folder: str

    def token(self) -> str:
        """Return the present token; raises OSError when there is none."""
        with open(os.path.join(self.folder, "token"), encoding="ascii") as file:  # noqa: PTH123,PTH118 (pathlib costs import time)
            return file.read().strip()

    def connect(self) -> http.client.HTTPConnection:
        """Open a connection over which nothing was sent yet."""
        context = ssl.create_default_context(cafile=os.path.join(self.folder, "ca.crt"))  # noqa: PTH118 (pathlib costs import time)
        # In bytes: a str might be an international name, whose tables take 13 ms of CPU to load.
        host: Any = self.host.encode()
        stream = socket.create_connection((host, self.port), CONNECT_TIMEOUT)
        connection = http.client.HTTPConnection(self.host, self.port)
        # Left alone it would go on without TLS once this stream is closed.
        connection.auto_open = 0
        try:
            connection.sock = context.wrap_socket(stream, server_hostname=self.host)
        except OSError:
            stream.close()
            raise
        keep_alive(connection)
        return connection


def in_cluster(environ: Mapping[str, str]) -> Credentials:
    """Return the credentials that Kubernetes gives every pod."""
    return Credentials(
        host=environ.get("KUBERNETES_SERVICE_HOST", "kubernetes.default.svc"),
        port=int(environ.get("KUBERNETES_SERVICE_PORT", "443")),
        folder=SERVICE_ACCOUNT,
    )


def keep_alive(connection: http.client.HTTPConnection) -> None:
    """Have the kernel notice within half a minute that the other side is gone.

    Whether it owes us something (user timeout) or is silent (keep-alive). And have it send small
    requests at once.
    """
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 30_000)
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 15)
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5)
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)


def read_answer(response: http.client.HTTPResponse) -> Answer:
    """Read a response to its end, so that its connection can be used again."""
    body = response.read(MAX_ANSWER)
    while response.read(MAX_ANSWER):
        pass
    return Answer(response.status, _message(body), _retry_after(response.headers))


def _message(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return text[:500]


def _retry_after(headers: http.client.HTTPMessage) -> float | None:
    try:
        return float(min(max(int(headers["Retry-After"]), 0), 60))
    except (KeyError, TypeError, ValueError):
        return None
