"""However leading ends, the lease is released last, and only our own."""

import asyncio

import pytest
from aiohttp import web

from kubetune.kube.client import Client
from tests.kube.clocks import Clock
from tests.kube.fake_api_server import FakeApiServer
from tests.kube.leases import elector, hold, record


async def test_what_goes_wrong_while_leading_is_raised_after_the_release(
    client: Client, server: FakeApiServer
) -> None:
    async def lead() -> None:
        raise ValueError("a fault of its own")

    with pytest.raises(ValueError, match="a fault of its own"):
        await elector(client, Clock()).run(lead)
    assert "holderIdentity" not in record(server)


async def test_a_cancelled_leader_tidies_up_before_the_lease_is_released(
    client: Client, server: FakeApiServer
) -> None:
    begun = asyncio.Event()
    holder_at_the_end: list[str | None] = []

    async def lead() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            holder_at_the_end.append(record(server).get("holderIdentity"))

    task = asyncio.create_task(elector(client, Clock()).run(lead))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert holder_at_the_end == ["me"]
    assert "holderIdentity" not in record(server)


async def test_a_lease_that_another_has_taken_is_not_released_for_it(
    client: Client, server: FakeApiServer
) -> None:
    async def lead() -> None:
        hold(server, "another")

    await elector(client, Clock()).run(lead)
    assert record(server)["holderIdentity"] == "another"


async def test_a_release_that_fails_is_not_the_end_of_the_world(
    client: Client, server: FakeApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    def forbid(request: web.Request) -> web.Response | None:
        return web.Response(status=403) if request.method == "PATCH" else None

    async def lead() -> None:
        server.faults.append(forbid)

    await elector(client, Clock()).run(lead)
    assert "not released" in caplog.text
