"""Who takes the lease, and when: of all candidates one leads at a time."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from kubetune.kube.client import Client
from kubetune.kube.lease import Terms
from tests.kube.clocks import Clock
from tests.kube.fake_api_server import FakeApiServer
from tests.kube.leases import ScriptedClock, elector, hold, record
from tests.kube.refusals import Json


async def test_the_first_candidate_makes_the_lease_and_releases_it_when_done(
    client: Client, server: FakeApiServer
) -> None:
    seen: list[Json] = []

    async def lead() -> None:
        seen.append(record(server))

    await elector(client, Clock()).run(lead)
    assert seen == [
        {
            "holderIdentity": "me",
            "leaseDurationSeconds": 15,
            "acquireTime": "2026-01-01T00:16:40.000000Z",
            "renewTime": "2026-01-01T00:16:40.000000Z",
            "leaseTransitions": 0,
        }
    ]
    assert "holderIdentity" not in record(server)


async def test_a_released_lease_is_taken_at_once(client: Client, server: FakeApiServer) -> None:
    hold(server, None, leaseTransitions=3)
    clock = Clock()

    async def lead() -> None:
        assert record(server)["holderIdentity"] == "me"
        assert record(server)["leaseTransitions"] == 4
        assert clock.naps == []

    await elector(client, clock).run(lead)


async def test_a_holder_that_no_longer_renews_is_followed_after_its_duration_by_our_clock(
    client: Client, server: FakeApiServer
) -> None:
    hold(server, "dead", renewTime="2099-01-01T00:00:00.000000Z")
    clock = Clock()

    async def lead() -> None:
        assert record(server)["holderIdentity"] == "me"
        assert 15 <= sum(clock.naps) <= 17

    await elector(client, clock).run(lead)


async def test_a_holder_that_renews_is_never_followed_however_old_its_times_look(
    client: Client, server: FakeApiServer
) -> None:
    hold(server, "alive")
    done = asyncio.Event()

    def renew(naps: int) -> None:
        if naps % 5 == 0:  # every 10 s
            hold(server, "alive", renewTime="2001-01-01T00:00:00.000000Z")
        if naps == 60:
            done.set()

    candidate = asyncio.create_task(elector(client, ScriptedClock(renew)).run(_never_to_be_called))
    await done.wait()
    candidate.cancel()
    with pytest.raises(asyncio.CancelledError):
        await candidate
    assert record(server)["holderIdentity"] == "alive"


async def _never_to_be_called() -> None:
    raise AssertionError("led without the lease")


async def test_of_two_candidates_for_a_dead_holders_lease_one_leads(
    client: Client, server: FakeApiServer
) -> None:
    hold(server, "dead")
    leading: list[str] = []
    end = asyncio.Event()

    def lead_as(identity: str) -> Callable[[], Any]:
        async def lead() -> None:
            leading.append(identity)
            await end.wait()

        return lead

    patience = {"one": asyncio.Event(), "two": asyncio.Event()}

    def clock(identity: str) -> Clock:
        return ScriptedClock(lambda naps: patience[identity].set() if naps == 30 else None)

    candidates = [
        asyncio.create_task(elector(client, clock(each), each).run(lead_as(each)))
        for each in patience
    ]
    for each in patience.values():
        await each.wait()
    assert len(leading) == 1
    assert record(server)["holderIdentity"] == leading[0]
    end.set()
    await asyncio.gather(*candidates)
    assert sorted(leading) == ["one", "two"]


async def test_a_candidate_stands_by_once_it_has_seen_another_lead_and_not_before(
    client: Client, server: FakeApiServer
) -> None:
    server.refuse(403, "Forbidden", method="GET")
    seen: list[bool] = []

    def look(naps: int) -> None:
        seen.append(candidate.stands_by)
        hold(server, "another" if naps == 1 else None)

    async def lead() -> None:
        pass

    candidate = elector(client, ScriptedClock(look))
    assert not candidate.stands_by
    await candidate.run(lead)
    assert seen[:2] == [False, True], "refused, then held by another"


def test_terms_that_would_let_two_lead_are_refused() -> None:
    with pytest.raises(ValueError, match="does not hold"):
        Terms(duration=10, renew_deadline=10)
