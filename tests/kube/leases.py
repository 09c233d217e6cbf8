"""A candidate for the lease, and the lease as others write and read it."""

from collections.abc import Callable
from typing import Any

from kubetune.kube.client import Client
from kubetune.kube.lease import Elector, Terms
from kubetune.kube.paths import LEASES
from tests.kube.clocks import Clock
from tests.kube.fake_api_server import FakeApiServer
from tests.kube.refusals import Json

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
