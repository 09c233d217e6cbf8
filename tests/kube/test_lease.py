import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from kubetune.errors import LeadershipLostError
from kubetune.kube.client import Client
from kubetune.kube.lease import Elector, Terms
from kubetune.kube.paths import LEASES
from tests.kube.clocks import Clock
from tests.kube.fake_api_server import FakeApiServer, Json

COLLECTION = LEASES.path("ns")


class ScriptedClock(Clock):
    """Calls `at_nap` with the number of naps so far, before each one ends."""

    def __init__(self, at_nap: Callable[[int], None]) -> None:
        super().__init__()
        self.at_nap = at_nap

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        self.at_nap(len(self.naps))


def elector(client: Client, clock: Clock, identity: str = "me", *, retry: float = 2.0) -> Elector:
    return Elector(
        client,
        namespace="ns",
        name="kubetune",
        identity=identity,
        now=clock.now,
        terms=Terms(retry=retry),
        monotonic=clock.monotonic,
        sleep=clock.sleep,
    )


def hold(server: FakeApiServer, holder: str | None, **spec: Any) -> None:
    """Write the lease as another candidate would; a new version each time."""
    server.put(
        COLLECTION,
        {
            "metadata": {"name": "kubetune"},
            "spec": {"holderIdentity": holder, "leaseDurationSeconds": 15, **spec},
        },
    )


def record(server: FakeApiServer) -> Json:
    lease = server.find(COLLECTION, "kubetune")
    assert lease is not None
    spec: Json = lease["spec"]
    return spec


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


def test_terms_that_would_let_two_lead_are_refused() -> None:
    with pytest.raises(ValueError, match="does not hold"):
        Terms(duration=10, renew_deadline=10)
