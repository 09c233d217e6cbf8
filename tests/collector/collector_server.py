"""A small API server for the collector's tests: answers are scripted, requests are recorded.

Every answer is a function that gets the request and plays its part on it. Tests wait for requests
(never for time), so that they are as fast as the code.
"""

import http.client
import http.server
import json
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from kubetune.collector.api import keep_alive

PATIENCE = 20.0
"""Seconds after which a test gives up; never reached when the code is right."""


class Request(NamedTuple):
    """What the collector asked for."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


Play = Callable[["Exchange"], None]


class Exchange(http.server.BaseHTTPRequestHandler):
    """One connection; each request on it is recorded and played by the next scripted answer."""

    protocol_version = "HTTP/1.1"
    timeout = PATIENCE
    server: "ApiServer"

    def do_GET(self) -> None:
        self.server.play(self, "GET", None)

    def do_PATCH(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.play(self, "PATCH", body)

    def log_message(self, *_: Any) -> None:
        """Say nothing: a cut connection is part of a test."""

    def answer(self, status: int, message: str = "", **headers: str) -> None:
        """Answer with a Status object as the API server does."""
        body = json.dumps({"kind": "Status", "message": message}).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def begin(self) -> None:
        """Begin a log stream."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def send(self, data: bytes) -> None:
        """Send a piece of a log stream."""
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def end(self) -> None:
        """End a log stream well."""
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def cut(self) -> None:
        """Break the connection, as a network does."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


class ApiServer(http.server.ThreadingHTTPServer):
    """Plays scripted answers: logs for GET, patches for PATCH; the last one of each repeats.

    Args:
        pair: Certificate (.crt) and key (.key) to serve TLS with; None: no TLS.

    Attributes:
        logs: Answers to come for GET.
        patches: Answers to come for PATCH.
        requests: Every request, in order of arrival; tests wait on it.
        connections: Connections that the collector opened.
        away: While true, connections are refused.
    """

    daemon_threads = True

    def __init__(self, pair: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        if pair is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pair.with_suffix(".crt"), pair.with_suffix(".key"))
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.logs: list[Play] = [stream()]
        self.patches: list[Play] = [accept]
        self.requests: queue.Queue[Request] = queue.Queue()
        self.connections = 0
        self.away = False
        self._lock = threading.Lock()

    def play(self, exchange: Exchange, method: str, body: Any) -> None:
        script = self.logs if method == "GET" else self.patches
        with self._lock:
            answer = script.pop(0) if len(script) > 1 else script[0]
        parts = urlsplit(exchange.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.requests.put(Request(method, parts.path, query, dict(exchange.headers), body))
        answer(exchange)

    def handle_error(self, *_: Any) -> None:
        """Say nothing: the collector may leave at any time."""

    def connect(self) -> http.client.HTTPConnection:
        """Open a connection, as the collector does it in a cluster."""
        if self.away:
            raise ConnectionRefusedError("the API server is away")
        self.connections += 1
        connection = http.client.HTTPConnection("127.0.0.1", self.server_port, timeout=PATIENCE)
        connection.connect()
        keep_alive(connection)
        return connection

    def next(self, method: str) -> Request:
        """Return the next request with this method; wait for it."""
        while True:
            request = self.requests.get(timeout=PATIENCE)
            if request.method == method:
                return request

    def received(self, method: str) -> list[Request]:
        """Return the requests with this method that nobody waited for."""
        found = []
        while not self.requests.empty():
            request = self.requests.get()
            if request.method == method:
                found.append(request)
        return found


def stream(*pieces: bytes) -> Play:
    """Answer with a log stream that ends well."""

    def play(exchange: Exchange) -> None:
        exchange.begin()
        for piece in pieces:
            exchange.send(piece)
        exchange.end()

    return play


def cut_stream(*pieces: bytes) -> Play:
    """Answer with a log stream that breaks off."""

    def play(exchange: Exchange) -> None:
        exchange.begin()
        for piece in pieces:
            exchange.send(piece)
        exchange.cut()

    return play


def refuse(status: int, message: str = "", **headers: str) -> Play:
    """Answer with a status."""
    return lambda exchange: exchange.answer(status, message, **headers)


def accept(exchange: Exchange) -> None:
    """Accept a patch."""
    exchange.answer(200)


def hang_up(exchange: Exchange) -> None:
    """Give no answer at all."""
    exchange.cut()


@contextmanager
def api_server(pair: Path | None = None) -> Iterator[ApiServer]:
    """Run the server for a test, with TLS if a certificate and its key are given."""
    server = ApiServer(pair)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
