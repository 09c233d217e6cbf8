"""Workers look at keys for ever: whatever a look raises, the others go on."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from kubetune.controller.metrics import Metrics
from kubetune.controller.queue import WorkQueue
from kubetune.controller.reconcile import Reconciler
from kubetune.controller.workers import work
from kubetune.errors import UnavailableError
from kubetune.kube.objects import ObjectKey
from tests.controller import virtual_time

KEY = ObjectKey("team-a", "digits")
OTHER = ObjectKey("team-a", "other")

Answer = Callable[[ObjectKey, int], timedelta | None]


class Looks(Reconciler):
    """Answers each look as the test says, and notes when it was."""

    def __init__(self, answer: Answer) -> None:
        self.times: list[tuple[str, float]] = []
        self._answer = answer

    async def reconcile(self, key: ObjectKey) -> timedelta | None:
        number = sum(name == key.name for name, _ in self.times)
        self.times.append((key.name, virtual_time.now()))
        return self._answer(key, number)


def watch(answer: Answer, *, seconds: float, keys: tuple[ObjectKey, ...] = (KEY,)) -> Looks:
    """Let two workers work for some virtual seconds."""
    looks = Looks(answer)

    async def scenario() -> None:
        queue: WorkQueue[ObjectKey] = WorkQueue()
        for key in keys:
            queue.add(key)
        task = asyncio.create_task(work(queue, looks, Metrics(), workers=2))
        await asyncio.sleep(seconds)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        queue.close()

    virtual_time.run(scenario())
    return looks


def test_a_look_that_asks_for_another_gets_it_then() -> None:
    def answer(_key: ObjectKey, number: int) -> timedelta | None:
        return timedelta(seconds=60) if number == 0 else None

    assert watch(answer, seconds=600).times == [("digits", 0), ("digits", 60)]


def test_a_look_that_fails_is_repeated_later_each_time_until_one_succeeds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def answer(_key: ObjectKey, number: int) -> timedelta | None:
        if number < 3:
            raise UnavailableError(503, "etcd is away")
        return timedelta(seconds=10) if number == 3 else None

    with caplog.at_level(logging.WARNING):
        times = [at for _, at in watch(answer, seconds=600).times]
    assert times == pytest.approx([0, 0.1, 0.3, 0.7, 10.7])
    assert [record.message for record in caplog.records] == ["look again later"] * 3


def test_a_fault_in_one_look_is_logged_and_does_not_end_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def answer(key: ObjectKey, _number: int) -> timedelta | None:
        if key == KEY:
            raise ZeroDivisionError
        return timedelta(seconds=30)

    with caplog.at_level(logging.ERROR):
        looks = watch(answer, seconds=100, keys=(KEY, OTHER))
    assert [at for name, at in looks.times if name == "other"] == [0, 30, 60, 90]
    assert len([name for name, _ in looks.times if name == "digits"]) > 5
    assert caplog.records[0].exc_info is not None
