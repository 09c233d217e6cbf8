"""A token that is refused, and a server that cannot be had."""

import asyncio

import pytest
from aiohttp import web

from kubetune.errors import ClusterError, ForbiddenError, UnavailableError
from kubetune.kube.client import Client
from kubetune.kube.credentials import Access
from kubetune.kube.paths import JOBS
from tests.kube.conftest import access_to
from tests.kube.fake_api_server import FakeApiServer
from tests.kube.jobs import JOBS_OF_A, decode_job, manifest


async def test_a_refused_token_is_replaced_once(server: FakeApiServer, client: Client) -> None:
    server.put(JOBS_OF_A, manifest("j"))
    server.refuse(401, "Unauthorized")
    await client.get(JOBS.path("a", "j"))
    assert [each["Authorization"] for each in server.headers] == ["Bearer first", "Bearer second"]


async def test_requests_refused_together_load_credentials_once(server: FakeApiServer) -> None:
    loads = 0

    async def reload() -> Access:
        nonlocal loads
        loads += 1
        return access_to(server, "second")

    def old_token(request: web.Request) -> web.StreamResponse | None:
        refused = request.headers["Authorization"] == "Bearer first"
        return web.Response(status=401) if refused else None

    server.faults.append(old_token)
    server.put(JOBS_OF_A, manifest("j"))
    async with Client(access_to(server), reload=reload) as client:
        await asyncio.gather(*(client.get(JOBS.path("a", "j")) for _ in range(5)))
    assert loads == 1


async def test_a_token_that_stays_refused_is_forbidden(
    server: FakeApiServer, client: Client
) -> None:
    server.refuse(401, "Unauthorized", "who are you")
    server.refuse(401, "Unauthorized", "who are you")
    with pytest.raises(ForbiddenError, match="who are you"):
        await client.get(JOBS.path("a", "j"))


async def test_credentials_that_cannot_be_read_again_make_the_server_unavailable(
    server: FakeApiServer,
) -> None:
    async def reload() -> Access:
        raise ClusterError(0, "no usable Kubernetes configuration: gone")

    server.refuse(401, "Unauthorized")
    async with Client(access_to(server), reload=reload) as client:
        with pytest.raises(UnavailableError, match="gone"):
            await client.get(JOBS_OF_A)


async def test_a_closed_client_is_unavailable(client: Client) -> None:
    await client.list_all(JOBS_OF_A, decode_job)
    await client.close()
    with pytest.raises(UnavailableError, match="closed"):
        await client.get(JOBS_OF_A)


async def test_a_server_that_does_not_answer_in_time_is_unavailable(
    server: FakeApiServer, client: Client
) -> None:
    server.answering.clear()
    with pytest.raises(UnavailableError, match="no answer within") as failed:
        await client.request("GET", JOBS_OF_A, within=0.01)
    server.answering.set()
    assert failed.value.status == 0


async def test_a_server_that_cannot_be_reached_is_unavailable(
    server: FakeApiServer, client: Client
) -> None:
    await server.stop()
    with pytest.raises(UnavailableError) as failed:
        await client.get(JOBS_OF_A)
    assert failed.value.status == 0
