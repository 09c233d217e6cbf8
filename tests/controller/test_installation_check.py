"""The operator's own check of an installation says what is missing, in the API server's words."""

import json
from datetime import timedelta
from typing import Any

import pytest

from kubetune.controller.arguments import parse_arguments
from kubetune.controller.check import check_installation
from kubetune.controller.settings import Settings, read_settings
from kubetune.errors import ClusterError, ForbiddenError, NotFoundError
from tests.controller.builders import NOW
from tests.controller.fake_cluster import FakeApi, FakeClient

DENIED = 'trials.kubetune.dev is forbidden: User "operator" cannot list resource "trials"'


class Server(FakeClient):
    """Answers every list with an empty one, and the lease's GET with what it was given."""

    def __init__(self, lease: dict[str, Any] | ClusterError, denied: str = "") -> None:
        super().__init__(FakeApi())
        self._lease = lease
        self._denied = denied
        self.asked: list[str] = []

    async def request(self, method: str, path: str, **_: Any) -> bytes:
        assert method == "GET"
        self.asked.append(path)
        if self._denied and path.endswith(self._denied):
            raise ForbiddenError(403, DENIED)
        return b"{}"

    async def get(self, path: str) -> bytes:
        assert path.endswith("/namespaces/kubetune-system/leases/kubetune-operator")
        if isinstance(self._lease, ClusterError):
            raise self._lease
        return json.dumps({"spec": self._lease}).encode()


def settings(**environment: str) -> Settings:
    return read_settings({"KUBETUNE_COLLECTOR_IMAGE": "c:1", **environment}, hostname="h")


def held(seconds_ago: float) -> dict[str, Any]:
    renewed = NOW - timedelta(seconds=seconds_ago)
    return {"holderIdentity": "kubetune-1", "renewTime": renewed.isoformat()}


async def check(server: Server, **environment: str) -> tuple[int, str]:
    said: list[str] = []
    code = await check_installation(
        server, settings(**environment), now=lambda: NOW, say=said.append
    )
    return code, "".join(said)


async def test_a_whole_installation_passes() -> None:
    code, said = await check(Server(held(3)))
    assert code == 0
    assert "FAULT" not in said
    assert said.count("ok ") == 5


@pytest.mark.parametrize(
    ("server", "want"),
    [
        pytest.param(Server(held(3), denied="/trials"), DENIED, id="a right is missing"),
        pytest.param(
            Server(NotFoundError(404, 'leases "kubetune-operator" not found')),
            'leases "kubetune-operator" not found',
            id="no operator ever ran",
        ),
        pytest.param(Server({}), "held by nobody: no operator runs", id="nobody holds the lease"),
        pytest.param(
            Server(held(16)), "was renewed 16 s ago by kubetune-1", id="the operator is gone"
        ),
    ],
)
async def test_what_is_missing_is_said(server: Server, want: str) -> None:
    code, said = await check(server)
    assert code == 1
    (fault,) = [line for line in said.splitlines() if line.startswith("FAULT")]
    assert want in fault


async def test_each_watched_namespace_is_asked_about() -> None:
    server = Server(held(3))
    code, said = await check(server, KUBETUNE_NAMESPACES="a,b")
    assert code == 0
    assert "jobs in namespace a can be listed" in said
    assert len(server.asked) == 8


async def test_without_leader_election_nobody_asks_for_a_lease() -> None:
    code, _ = await check(Server(NotFoundError(404, "no")), KUBETUNE_LEADER_ELECTION="false")
    assert code == 0


def test_an_option_goes_before_its_variable() -> None:
    options = parse_arguments(["--workers", "3", "--check"])
    assert options.check
    merged = {"KUBETUNE_WORKERS": "9", "KUBETUNE_COLLECTOR_IMAGE": "c:1", **options.settings}
    assert read_settings(merged, hostname="h").workers == 3


def test_an_option_that_is_not_given_leaves_its_variable() -> None:
    assert parse_arguments([]).settings == {}


def test_an_unknown_option_ends_the_process_with_the_usage(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as end:
        parse_arguments(["--worker-count=3"])
    assert end.value.code == 2
    assert "--worker-count" in capsys.readouterr().err
