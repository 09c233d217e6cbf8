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
from typing import NamedTuple

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
CONNECT_TIMEOUT = 5.0
"""Seconds for TCP and TLS together to make progress; the API server is in the same cluster."""

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
        connection = http.client.HTTPSConnection(
            self.host, self.port, timeout=CONNECT_TIMEOUT, context=context
        )
        connection.connect()
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
    """Have the kernel notice within half a minute that a silent stream's other side is gone."""
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
