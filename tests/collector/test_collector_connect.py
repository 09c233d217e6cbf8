"""The connection to a real API server: encrypted, and to nobody but that server."""

import http.client
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubetune.collector.api import Credentials, read_answer
from kubetune.collector.channel import Channel
from tests.collector.authority import make_authority
from tests.collector.collector_server import ApiServer, api_server, refuse


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an authority, `ca.crt`, and of pairs that it signed."""
    return make_authority(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def server(pki: Path) -> Iterator[ApiServer]:
    with api_server(pki / "kube-apiserver") as server:
        yield server


def credentials(server: ApiServer, pki: Path, host: str = "127.0.0.1") -> Credentials:
    (pki / "token").write_text("secret", encoding="ascii")
    return Credentials(host, server.server_port, str(pki))


def ask(channel: Channel) -> int:
    return read_answer(channel.ask("GET", "/", headers={}, timeout=5)).status


def test_requests_go_over_one_encrypted_connection(server: ApiServer, pki: Path) -> None:
    server.logs = [refuse(400, "is waiting to start")]
    mine = credentials(server, pki)
    connections: list[http.client.HTTPConnection] = []

    def connect() -> http.client.HTTPConnection:
        connections.append(mine.connect())
        return connections[-1]

    channel = Channel(connect, mine.token)
    assert [ask(channel), ask(channel)] == [400, 400]
    (connection,) = connections
    assert isinstance(connection.sock, ssl.SSLSocket)
    channel.close()
    assert server.next("GET").headers["Authorization"] == "Bearer secret"


def test_a_connection_that_is_over_is_never_replaced_by_one_in_the_clear(
    server: ApiServer, pki: Path
) -> None:
    connection = credentials(server, pki).connect()
    connection.close()
    with pytest.raises(http.client.NotConnected):
        connection.request("GET", "/")


def test_a_server_that_the_authority_did_not_vouch_for_is_not_talked_to(
    pki: Path,
) -> None:
    with (
        api_server(pki / "kubelet-server") as stranger,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        credentials(stranger, pki).connect()
    assert stranger.received("GET") == []
