from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kubetune.cli.access import Target
from tests.cli.golden_files import Compare, comparer
from tests.kube.fake_api_server import FakeApiServer

KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: test
contexts: [{{name: test, context: {{cluster: test, user: test, namespace: team-a}}}}]
clusters: [{{name: test, cluster: {{server: "{url}"}}}}]
users: [{{name: test, user: {{token: secret}}}}]
"""


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Compare:
    return comparer(request)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory in which the test works."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
async def server() -> AsyncIterator[FakeApiServer]:
    server = FakeApiServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def target(server: FakeApiServer, tmp_path: Path) -> Target:
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG.format(url=server.url), encoding="utf-8")
    return Target(kubeconfig=str(path))
