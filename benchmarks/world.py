"""One namespace's Jobs and pods, and when this script saw each of them change.

The kubelet's and the controllers' own stamps are whole seconds and their requests are not in the
audit log, so the arrival of a watch's line is the finest clock there is for what they do.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from benchmarks.workload import CONTAINER
from kubetune.kube.client import Client
from kubetune.kube.objects import Job, Pod
from kubetune.kube.paths import JOBS, PODS
from kubetune.kube.reflector import Reflector


class BenchmarkError(Exception):
    """Raised when a run is void, because something in it failed; the benchmark ends."""


class World:
    """What was seen of the Jobs and pods of one run, by name.

    Attributes:
        created: When each Job was first seen.
        complete: When each Job was first seen with the condition Complete.
        over: When each pod was first seen in phase Succeeded: none of its containers runs.
    """

    def __init__(self, client: Client, namespace: str, now: Callable[[], datetime]) -> None:
        self.created: dict[str, datetime] = {}
        self.complete: dict[str, datetime] = {}
        self.over: dict[str, datetime] = {}
        self.jobs = Reflector(
            client, JOBS.path(namespace), Job, on_change=self._see_job, jitter=lambda: 0.5
        )
        self.pods = Reflector(
            client, PODS.path(namespace), Pod, on_change=self._see_pod, jitter=lambda: 0.5
        )
        self._now = now
        self._failure: str | None = None
        self._changed = asyncio.Event()
        self._taken = 0

    async def next_end(self) -> None:
        """Return at once for each pod that is over and was not yet answered for, else wait."""
        while len(self.over) <= self._taken:
            await self._change()
        self._taken += 1

    async def all_over(self, trials: int) -> None:
        """Wait until that many pods are over."""
        while len(self.over) < trials:
            await self._change()

    async def all_complete(self, trials: int) -> None:
        """Wait until that many Jobs are Complete."""
        while len(self.complete) < trials:
            await self._change()

    def first_creation_and_last_end(self) -> tuple[datetime, datetime]:
        """By the objects' own stamps, whole seconds: first Job created, last training ended."""
        created = [job.metadata.creation_timestamp for job in self.jobs.store.values()]
        ends = [
            status.state.terminated.finished_at
            for pod in self.pods.store.values()
            for status in pod.status.container_statuses
            if status.name == CONTAINER and status.state.terminated is not None
        ]
        return min(filter(None, created)), max(filter(None, ends))

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()
        if self._failure is not None:
            raise BenchmarkError(self._failure)

    def _see_job(self, old: Job | None, new: Job | None) -> None:
        del old
        if new is None:
            return
        self.created.setdefault(new.metadata.name, self._now())
        if any(c.type == "Complete" and c.status == "True" for c in new.status.conditions):
            self.complete.setdefault(new.metadata.name, self._now())
        self._changed.set()

    def _see_pod(self, old: Pod | None, new: Pod | None) -> None:
        del old
        if new is None:
            return
        if new.status.phase == "Succeeded":
            self.over.setdefault(new.metadata.name, self._now())
        elif new.status.phase == "Failed":
            self._failure = f"pod {new.metadata.name} failed: {new.status}"
        self._changed.set()


@asynccontextmanager
async def watching(
    client: Client, namespace: str, now: Callable[[], datetime]
) -> AsyncGenerator[World, None]:
    """Watch a namespace while the block runs; it begins when both watches are under way."""
    world = World(client, namespace, now)
    tasks = [asyncio.create_task(each.run()) for each in (world.jobs, world.pods)]
    try:
        await world.jobs.synced.wait()
        await world.pods.synced.wait()
        yield world
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
