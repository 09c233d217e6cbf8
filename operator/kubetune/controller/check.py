"""Whether an installation is whole, asked with the operator's own account: `helm test` runs it."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from kubetune.controller.settings import Settings
from kubetune.errors import ClusterError
from kubetune.kube.client import Client
from kubetune.kube.paths import JOBS, LEASES, PODS, TRIALS, TUNING_JOBS

_WATCHED = (TUNING_JOBS, TRIALS, JOBS, PODS)


class _LeaseSpec(msgspec.Struct, frozen=True, rename="camel"):
    holder_identity: str | None = None
    renew_time: datetime | None = None


class _Lease(msgspec.Struct, frozen=True):
    spec: _LeaseSpec = _LeaseSpec()


async def check_installation(
    client: Client,
    settings: Settings,
    *,
    now: Callable[[], datetime],
    say: Callable[[str], object],
) -> int:
    """Say what works and what does not, a line each; return 0 if all does, 1 if not.

    Args:
        client: With the operator's account.
        settings: Those of the operator.
        now: Aware.
        say: Takes each line.
    """
    faults = 0
    for namespace in settings.namespaces or (None,):
        where = f"in namespace {namespace}" if namespace else "in all namespaces"
        for resource in _WATCHED:
            try:
                await client.request("GET", resource.path(namespace), query={"limit": 1})
            except ClusterError as error:
                faults += 1
                say(f"FAULT  {resource.plural} {where}: {error.message}\n")
            else:
                say(f"ok     {resource.plural} {where} can be listed\n")
    if settings.leader_election:
        fault = await _leader_fault(client, settings, now())
        faults += fault is not None
        say(f"FAULT  {fault}\n" if fault else f"ok     lease {settings.lease_name} is held\n")
    return 1 if faults else 0


async def _leader_fault(client: Client, settings: Settings, now: datetime) -> str | None:
    try:
        answer = await client.get(LEASES.path(settings.lease_namespace, settings.lease_name))
    except ClusterError as error:
        return f"lease {settings.lease_name}: {error.message}"
    lease = msgspec.json.decode(answer, type=_Lease).spec
    if not lease.holder_identity or lease.renew_time is None:
        return f"lease {settings.lease_name} is held by nobody: no operator runs"
    age = (now - lease.renew_time).total_seconds()
    if age > settings.lease_seconds:
        return (
            f"lease {settings.lease_name} was renewed {age:.0f} s ago by {lease.holder_identity}: "
            "that operator is gone, and no other has taken over"
        )
    return None
