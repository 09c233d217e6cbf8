"""Leadership by a Lease: at most one operator acts, whatever the clocks of the nodes say.

A holder that is not us is believed alive for as long as its record keeps changing, measured by our
own monotonic clock from when we last saw a change; the times inside the record are for people.

    duration        a standby waits this long after the last change before it takes over
    renew_deadline  a holder that could not renew for this long stands down, which is earlier
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from kubetune.errors import ClusterError, ConflictError, LeadershipLostError, NotFoundError
from kubetune.kube.client import Client
from kubetune.kube.objects import Object, Slim, micro_time
from kubetune.kube.paths import LEASES

_log = logging.getLogger(__name__)


class LeaseSpec(Slim, frozen=True):
    """The record itself; no holder means that the last one released it."""

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    lease_transitions: int | None = None


class Lease(Object, frozen=True):
    """A coordination.k8s.io/v1 Lease."""

    spec: LeaseSpec = LeaseSpec()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How patient everyone is, in seconds: retry < renew_deadline < duration."""

    duration: int = 15
    renew_deadline: float = 10.0
    retry: float = 2.0

    def __post_init__(self) -> None:
        if not 0 < self.retry < self.renew_deadline < self.duration:
            raise ValueError(f"retry < renew_deadline < duration does not hold: {self}")


_DEFAULT_TERMS = Terms()
_decoder = msgspec.json.Decoder(Lease)


class Elector:
    """One candidate for one lease."""

    def __init__(
        self,
        client: Client,
        *,
        namespace: str,
        name: str,
        identity: str,
        now: Callable[[], datetime],
        terms: Terms = _DEFAULT_TERMS,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Make a candidate that does not stand yet; `run` stands.

        Args:
            client: Needs the rights to get, create and patch the lease.
            namespace: Where the lease lives.
            name: The lease's name.
            identity: Unique among all processes that ever stand, restarts of one pod included.
            now: The wall clock, aware, for the record's readers only.
            terms: The same for all candidates.
            monotonic: Seconds that never go back; the only clock that decides.
            sleep: Waits the given seconds of that clock.
        """
        self._client = client
        self._collection = LEASES.path(namespace)
        self._path = LEASES.path(namespace, name)
        self._name = name
        self._identity = identity
        self._now = now
        self._terms = terms
        self._monotonic = monotonic
        self._sleep = sleep
        self._seen: Lease | None = None
        self._seen_at = 0.0
        self._renewed_at = 0.0
        self._stands_by = False

    @property
    def stands_by(self) -> bool:
        """True once another candidate was seen to hold the lease, so that this one could take it.

        Never true where the lease cannot even be read.
        """
        return self._stands_by

    async def run(self, lead: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Wait for the lease, then lead until `lead` ends or this is cancelled, then release it.

        Renewal goes on while a cancelled `lead` tidies up.

        Raises:
            LeadershipLostError: The lease was taken, or could not be renewed in time. `lead` has
                been cancelled; the process must end at once.
        """
        await self._acquire()
        leading = asyncio.create_task(lead())
        keeping = asyncio.create_task(self._keep())
        try:
            await asyncio.wait((leading, keeping), return_when=asyncio.FIRST_COMPLETED)
            lost = keeping.exception() if keeping.done() else None
        except asyncio.CancelledError:
            leading.cancel()
            await asyncio.wait((leading,))
            await self._stand_down(keeping)
            raise
        if lost is not None:
            leading.cancel()
            # What does not heed the cancellation must not delay the end: another may lead soon.
            await asyncio.wait((leading,), timeout=self._terms.retry)
            raise lost
        await self._stand_down(keeping)
        leading.result()

    async def _acquire(self) -> None:
        while True:
            try:
                if await self._attempt():
                    _log.info("leading", extra={"lease": self._name, "identity": self._identity})
                    return
                self._stands_by = True
            except ClusterError as error:
                _log.warning("no lease", extra={"lease": self._name, "reason": str(error)})
            await self._sleep(self._terms.retry)

    async def _keep(self) -> None:
        """Renew for ever; ends only with LeadershipLostError."""
        while True:
            left = self._renewed_at + self._terms.renew_deadline - self._monotonic()
            if left <= 0:
                raise LeadershipLostError(
                    f"lease {self._name} could not be renewed for {self._terms.renew_deadline:g} s"
                )
            await self._sleep(min(self._terms.retry, left))
            try:
                if not await self._renew():
                    raise LeadershipLostError(f"lease {self._name} was taken")
            except ClusterError as error:
                _log.warning("not renewed", extra={"lease": self._name, "reason": str(error)})

    async def _renew(self) -> bool:
        """Renew the lease by a single write; only if somebody else wrote it, look who holds it.

        Returns:
            False when another candidate holds it.

        Raises:
            ClusterError: It is not known who holds it now, or somebody was quicker.
        """
        started = self._monotonic()
        spec = self._record(0)
        # The same holder as before: when it began, and after how many, stay as they are.
        del spec["acquireTime"], spec["leaseTransitions"]
        try:
            await self._write(spec, within=self._terms.renew_deadline / 2, at=started)
        except (ConflictError, NotFoundError):
            return await self._attempt()
        self._renewed_at = started
        return True

    async def _attempt(self) -> bool:
        """Take or renew the lease; False when another candidate holds it.

        Raises:
            ClusterError: It is not known who holds it now, or somebody was quicker.
        """
        # Counted from before the request: a standby may have seen our last write that early.
        started = self._monotonic()
        within = self._terms.renew_deadline / 2
        try:
            answer = await self._client.request("GET", self._path, within=within)
        except NotFoundError:
            lease = {"metadata": {"name": self._name}, "spec": self._record(0)}
            self._observe(await self._client.create(self._collection, lease), started)
            self._renewed_at = started
            return True
        seen = self._observe(answer, started)
        holder = seen.spec.holder_identity
        if holder and holder != self._identity and not self._expired(seen, started):
            return False
        transitions = seen.spec.lease_transitions or 0
        spec = self._record(transitions if holder == self._identity else transitions + 1)
        if holder == self._identity:
            del spec["acquireTime"]
        await self._write(spec, within=within, at=started)
        self._renewed_at = started
        return True

    async def _stand_down(self, keeping: asyncio.Task[None]) -> None:
        """Stop renewing and let the next one in, if the lease is still ours."""
        keeping.cancel()
        await asyncio.wait((keeping,))
        within = self._terms.retry
        try:
            # Looked at once more: the last renewal may have been cut off before its answer came.
            answer = await self._client.request("GET", self._path, within=within)
            seen = self._observe(answer, self._monotonic())
            if seen.spec.holder_identity == self._identity:
                released = {"holderIdentity": None, "leaseDurationSeconds": 1}
                await self._write(released, within=within, at=self._monotonic())
        except ClusterError as error:
            _log.warning("not released", extra={"lease": self._name, "reason": str(error)})

    def _observe(self, answer: bytes, at: float) -> Lease:
        """Note when the record was last seen to change, by our own clock."""
        lease = _decoder.decode(answer)
        if self._seen is None or self._seen.metadata.revision != lease.metadata.revision:
            self._seen, self._seen_at = lease, at
        return lease

    def _expired(self, lease: Lease, at: float) -> bool:
        duration = lease.spec.lease_duration_seconds or self._terms.duration
        return at - self._seen_at >= duration

    async def _write(self, spec: dict[str, Any], *, within: float, at: float) -> None:
        """Patch the record, unless it changed since it was seen (ConflictError)."""
        version = self._seen.metadata.resource_version if self._seen is not None else ""
        body = {"metadata": {"resourceVersion": version}, "spec": spec}
        self._observe(await self._client.merge_patch(self._path, body, within=within), at)

    def _record(self, transitions: int) -> dict[str, Any]:
        now = micro_time(self._now())
        return {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": self._terms.duration,
            "acquireTime": now,
            "renewTime": now,
            "leaseTransitions": transitions,
        }
