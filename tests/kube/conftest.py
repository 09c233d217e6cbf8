from collections.abc import AsyncIterator

import pytest
from kubernetes.aio.client import Configuration

from kubetune.kube.client import Client
from kubetune.kube.credentials import Access
from tests.kube.fake_api_server import FakeApiServer


@pytest.fixture
async def server() -> AsyncIterator[FakeApiServer]:
    server = FakeApiServer()
    await server.start()
    yield server
    await server.stop()


def access_to(server: FakeApiServer, bearer: str = "first") -> Access:
    configuration = Configuration(
        host=server.url,
        api_key={"BearerToken": f"Bearer {bearer}"},
        client_session_kwargs={"trust_env": False},
    )
    return Access(configuration, "default")


@pytest.fixture
async def client(server: FakeApiServer) -> AsyncIterator[Client]:
    async def reload() -> Access:
        return access_to(server, "second")

    async with Client(access_to(server), reload=reload) as client:
        yield client
