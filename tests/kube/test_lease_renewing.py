"""A leader renews its lease, and leads no longer than it can."""

import asyncio

import pytest
from aiohttp import web

from kubetune.errors import LeadershipLostError
from kubetune.kube.client import Client
from kubetune.kube.lease import Elector, Terms
from tests.kube.clocks import Clock
from tests.kube.fake_api_server import FakeApiServer
from tests.kube.leases import COLLECTION, ScriptedClock, elector, hold, record
from tests.kube.refusals import Json


async def test_renewing_moves_on_the_time_of_renewal_alone(
    client: Client, server: FakeApiServer
) -> None:
    end = asyncio.Event()
    seen: list[Json] = []

    def look(naps: int) -> None:
        seen.append(record(server))
        if naps == 3:
            end.set()

    async def lead() -> None:
        await end.wait()

    await elector(client, ScriptedClock(look)).run(lead)
    assert [each["renewTime"][14:19] for each in seen[:3]] == ["16:40", "16:42", "16:44"]
    assert {each["acquireTime"][14:19] for each in seen[:3]} == {"16:40"}
    assert {each["leaseTransitions"] for each in seen[:3]} == {0}


async def test_renewing_takes_one_request_and_a_second_one_after_a_foreign_write(
    client: Client, server: FakeApiServer
) -> None:
    end = asyncio.Event()
    sent: list[list[str]] = []

    def look(naps: int) -> None:
        sent.append([method for method, _ in server.requests])
        server.requests.clear()
        if naps == 2:
            # Somebody labels it: its version is another one, its holder is not.
            lease = server.find(COLLECTION, "kubetune")
            assert lease is not None
            server.put(
                COLLECTION, {**lease, "metadata": {"name": "kubetune", "labels": {"a": "b"}}}
            )
        if naps == 5:
            end.set()

    async def lead() -> None:
        await end.wait()

    await elector(client, ScriptedClock(look)).run(lead)
    assert sent[1:5] == [["PATCH"], ["PATCH", "GET", "PATCH"], ["PATCH"], ["PATCH"]]


async def test_a_lease_taken_by_another_ends_leadership(
    client: Client, server: FakeApiServer
) -> None:
    cancelled = asyncio.Event()

    async def lead() -> None:
        hold(server, "another")
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with pytest.raises(LeadershipLostError, match="taken"):
        await elector(client, Clock()).run(lead)
    assert cancelled.is_set()
    assert record(server)["holderIdentity"] == "another"


async def test_a_lease_that_cannot_be_renewed_ends_leadership_before_others_may_take_it(
    client: Client, server: FakeApiServer
) -> None:
    clock = Clock()

    async def lead() -> None:
        server.faults.append(lambda _: web.Response(status=503))
        await asyncio.Event().wait()

    with pytest.raises(LeadershipLostError, match="could not be renewed for 10 s"):
        await elector(client, clock, retry=3.0).run(lead)
    assert clock.naps == [3, 3, 3, pytest.approx(1)]


async def test_a_leader_that_does_not_heed_its_cancellation_does_not_delay_the_end(
    client: Client, server: FakeApiServer
) -> None:
    end = asyncio.Event()

    async def lead() -> None:
        hold(server, "another")
        while not end.is_set():
            try:
                await end.wait()
            except asyncio.CancelledError:
                continue

    terms = Terms(duration=1, renew_deadline=0.1, retry=0.01)
    stubborn = Elector(
        client, namespace="ns", name="kubetune", identity="me", now=Clock().now, terms=terms
    )
    with pytest.raises(LeadershipLostError):
        await stubborn.run(lead)
    end.set()


async def test_a_short_trouble_is_survived(client: Client, server: FakeApiServer) -> None:
    end = asyncio.Event()

    def trouble(naps: int) -> None:
        if naps in {2, 3, 4}:
            server.refuse(500, message="not now")
        if naps == 20:
            end.set()

    async def lead() -> None:
        await end.wait()

    await elector(client, ScriptedClock(trouble)).run(lead)
    assert "holderIdentity" not in record(server)


async def test_a_lease_that_somebody_deleted_is_made_again(
    client: Client, server: FakeApiServer
) -> None:
    end = asyncio.Event()

    def delete(naps: int) -> None:
        if naps == 3:
            server.remove(COLLECTION, "kubetune")
        if naps == 6:
            assert record(server)["holderIdentity"] == "me"
            end.set()

    async def lead() -> None:
        await end.wait()

    await elector(client, ScriptedClock(delete)).run(lead)
    assert end.is_set()
