"""Follows one TuningJob and its trials by watch; what is known is always ready as a snapshot."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

from kubetune.cli.access import Access, selector
from kubetune.cli.objects import Trial, TuningJob
from kubetune.cli.snapshot import Snapshot
from kubetune.kube.paths import TRIALS, TUNING_JOBS
from kubetune.kube.reflector import Reflector

LONGEST_DELAY = 2.0
"""Seconds between attempts to reconnect at most: a person is looking, and one client is no herd."""


class Link:
    """Whether the API server answers; told of every request by the client.

    Attributes:
        is_lost: True from a failed request until the next that succeeds.
    """

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self.is_lost = False
        self.on_change = on_change

    def heard(self, verb: str, resource: str, code: int, seconds: float) -> None:
        """Take in how a request went; code 0 means that no answer came."""
        del verb, resource, seconds
        # An API server that has just come back may refuse what it allows a moment later.
        refused = code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
        is_lost = code == 0 or refused or code >= HTTPStatus.INTERNAL_SERVER_ERROR
        if is_lost is not self.is_lost:
            self.is_lost = is_lost
            self.on_change()


class Follower:
    """What is known of one TuningJob.

    Attributes:
        changed: Set at every change; the reader clears it.
        is_gone: True when the job that was there has been deleted.
    """

    def __init__(self, name: str) -> None:
        self.changed = asyncio.Event()
        self.is_gone = False
        self._name = name
        self._job: TuningJob | None = None
        self._trials: dict[str, Trial] = {}

    @property
    def snapshot(self) -> Snapshot | None:
        """What is known now; None before the job has been seen."""
        return None if self._job is None else Snapshot.of(self._job, self._trials.values())

    def see_job(self, old: TuningJob | None, new: TuningJob | None) -> None:
        """Take in a change of any TuningJob of the namespace."""
        seen = new or old
        if seen is None or seen.metadata.name != self._name or self.is_gone:
            return
        # A job that was deleted and made again is another job: this watch ends with the first.
        if new is None:
            self.is_gone = self._job is not None
        else:
            self._job = new
        self.changed.set()

    def see_trial(self, old: Trial | None, new: Trial | None) -> None:
        """Take in a change of one of its trials."""
        if new is not None:
            self._trials[new.metadata.name] = new
        elif old is not None and not self.is_gone:
            self._trials.pop(old.metadata.name, None)
        self.changed.set()


@asynccontextmanager
async def following(access: Access, name: str) -> AsyncGenerator[Follower, None]:
    """A follower that is kept up to date until the end of the block.

    Both lists are in when the block begins.
    """
    follower = Follower(name)

    async def pause(seconds: float) -> None:
        await asyncio.sleep(min(seconds, LONGEST_DELAY))

    jobs = Reflector(
        access.client,
        TUNING_JOBS.path(access.namespace),
        TuningJob,
        on_change=follower.see_job,
        jitter=lambda: 0.5,
        sleep=pause,
    )
    trials = Reflector(
        access.client,
        TRIALS.path(access.namespace),
        Trial,
        on_change=follower.see_trial,
        jitter=lambda: 0.5,
        label_selector=selector(name),
        sleep=pause,
    )
    tasks = [asyncio.create_task(reflector.run()) for reflector in (trials, jobs)]
    try:
        await trials.synced.wait()
        await jobs.synced.wait()
        yield follower
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
