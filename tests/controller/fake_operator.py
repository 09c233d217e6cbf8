"""Operator processes on the fake cluster: the real reconciler, its memory and its end."""

import asyncio
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

import msgspec

from kubetune.collector import reread
from kubetune.controller.apply import Writer
from kubetune.controller.cluster import Cluster, key_of
from kubetune.controller.dependencies import Dependencies
from kubetune.controller.metrics import Metrics
from kubetune.controller.pod_logs import PodLogs
from kubetune.controller.reconcile import Reconciler
from kubetune.controller.settings import RoleKind
from kubetune.errors import ClusterError
from kubetune.kube.events import ObjectReference, Recorder
from kubetune.kube.objects import Job, Object, ObjectKey, Pod, Trial
from kubetune.kube.store import Store
from kubetune.sidecar import Sidecar
from tests.controller.fake_cluster import BEGINNING, Call, Event, FakeClient
from tests.controller.toy_cluster import World, is_ours

_LOOKS_IN_A_SECOND = 30


async def read_here(log: bytes, environment: Mapping[str, str]) -> bytes:
    """Read a log as `read_apart`, but in this process: starting another one takes its time."""
    out = io.BytesIO()
    reread.run(environment, io.BytesIO(log), out)
    return out.getvalue()


class ProcessDiedError(BaseException):
    """The process is gone: nothing catches it, and nothing that it began goes on."""


class Notes(Recorder):
    """Remembers what people would be told.

    Attributes:
        events: As (kind, reason, severity, note), oldest first.
    """

    def __init__(self, client: FakeClient) -> None:
        super().__init__(client, instance="operator", now=lambda: BEGINNING)
        self.events: list[tuple[str, str, str, str]] = []

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """The events as (kind, reason, note)."""
        return [(kind, reason, note) for kind, reason, _, note in self.events]

    def record(
        self,
        regarding: ObjectReference,
        *,
        action: str,
        reason: str,
        note: str,
        severity: Literal["Normal", "Warning"] = "Normal",
    ) -> None:
        assert action
        self.events.append((regarding.kind, reason, severity, note))


class Operator:
    """One process; a new one takes over by listing everything.

    Attributes:
        client: Its connection, with every call that it made.
        notes: The events that it recorded.
    """

    def __init__(
        self, world: World, *, seed: int = 1, role_kind: RoleKind = RoleKind.CLUSTER_ROLE
    ) -> None:
        self.client = FakeClient(world.api)
        self.notes = Notes(self.client)
        self._world = world
        self._waiting: dict[ObjectKey, None] = {}
        self._timers: dict[ObjectKey, Any] = {}
        self._cluster = Cluster(
            self.client, namespaces=(), enqueue=self._enqueue, jitter=lambda: 0.0
        )
        self._reconciler = Reconciler(
            Dependencies(
                client=self.client,
                cluster=self._cluster,
                writer=Writer(self.client, self._cluster, sidecar=Sidecar(image="collector:1")),
                pod_logs=PodLogs(self.client, read=read_here),
                recorder=self.notes,
                metrics=Metrics(),
                sidecar=Sidecar(image="collector:1"),
                role_kind=role_kind,
                now=lambda: world.api.now,
                draw_seed=lambda: seed,
            )
        )
        self._seen = len(world.api.events)
        for plural, (store, kind) in self._stores().items():
            listed = [_decoded(found, kind) for found in world.api.all(plural) if is_ours(found)]
            store.replace(listed, world.api.revision)
        for body in world.api.all("tuningjobs"):
            self._cluster.see(body)
            self._enqueue(key_of(body))

    async def work(self) -> None:
        """Do what there is to do now, until nothing is left for this second."""
        for _ in range(_LOOKS_IN_A_SECOND):
            self.catch_up()
            now = self._world.api.now
            due = [key for key, at in self._timers.items() if at <= now]
            for key in due:
                del self._timers[key]
            keys = list({**self._waiting, **dict.fromkeys(due)})
            self._waiting.clear()
            if not keys:
                return
            await asyncio.gather(*(self._look(key) for key in keys))
        raise AssertionError(f"the operator never comes to rest: {self.client.calls[-6:]}")

    def catch_up(self) -> None:
        """Take in what the watches tell."""
        news = self._world.api.events[self._seen :]
        self._seen += len(news)
        for event in news:
            self._take_in(event)

    async def _look(self, key: ObjectKey) -> None:
        try:
            wake_after = await self._reconciler.reconcile(key)
        except ClusterError:
            wake_after = timedelta(seconds=1)
        if wake_after is not None:
            at = self._world.api.now + wake_after
            self._timers[key] = min(at, self._timers.get(key, at))

    def _enqueue(self, key: ObjectKey) -> None:
        self._waiting[key] = None

    def _take_in(self, event: Event) -> None:
        if event.plural == "tuningjobs":
            if event.type == "DELETED":
                metadata = event.object["metadata"]
                self._cluster.unsee(key_of(event.object), metadata["uid"])
            else:
                self._cluster.see(event.object)
            self._enqueue(key_of(event.object))
        elif event.plural in self._stores() and is_ours(event.object):
            store, kind = self._stores()[event.plural]
            if event.type == "DELETED":
                store.discard(_decoded(event.object, Object).metadata)
            else:
                store.apply(_decoded(event.object, kind))

    def _stores(self) -> dict[str, tuple[Store[Any], type[Object]]]:
        namespace = ""
        return {
            "trials": (self._cluster.trials(namespace), Trial),
            "jobs": (self._cluster.jobs(namespace), Job),
            "pods": (self._cluster._pods[None].store, Pod),
        }


async def let_pass(world: World, *operators: Operator, seconds: int) -> None:
    """Let so many seconds pass, whatever happens in them."""
    for _ in range(seconds):
        world.tick()
        await asyncio.gather(*(operator.work() for operator in operators))


async def start_operator(world: World, *, seconds: int = 3) -> Operator:
    """An operator after its first seconds."""
    operator = Operator(world)
    await let_pass(world, operator, seconds=seconds)
    return operator


async def run_until(
    world: World,
    operators: Sequence[Operator],
    done: Callable[[], bool],
    *,
    within: int = 120,
) -> None:
    """Let time pass until something holds.

    Raises:
        AssertionError: It did not within so many seconds.
    """
    for _ in range(within):
        world.tick()
        await asyncio.gather(*(operator.work() for operator in operators))
        if done():
            return
    raise AssertionError(f"not within {within} s: {world.states}, {world.status}")


async def run_to_the_end(world: World, *operators: Operator, within: int = 120) -> None:
    """Let time pass until the TuningJob has ended and nothing of it runs."""
    await run_until(world, operators, world.is_finished, within=within)


async def until_running(world: World, operator: Operator, number: int = 2) -> None:
    """Let time pass until so many trials run."""
    await run_until(
        world, [operator], lambda: list(world.states.values()).count("Running") >= number
    )


def count_by_kind(calls: Sequence[Call]) -> dict[str, int]:
    """How many calls of each kind there were."""
    kinds = [str(call) for call in calls]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


def _decoded(found: dict[str, Any], kind: type[Object]) -> Any:
    return msgspec.json.decode(msgspec.json.encode(found), type=kind)
