"""The queue's promises are client-go's; time is virtual."""

import asyncio

import pytest

from kubetune.controller.queue import WorkQueue
from tests.controller import virtual_time


async def drain(queue: WorkQueue[str]) -> list[str]:
    """Take what is ready, without waiting."""
    taken = []
    while len(queue):
        key = await queue.get()
        taken.append(key)
        queue.done(key)
    return taken


async def test_keys_come_in_the_order_in_which_they_were_added() -> None:
    queue: WorkQueue[str] = WorkQueue()
    for key in ("b", "a", "c"):
        queue.add(key)
    assert await drain(queue) == ["b", "a", "c"]


async def test_a_key_that_is_added_many_times_before_a_look_is_handled_once() -> None:
    queue: WorkQueue[str] = WorkQueue()
    for _ in range(5):
        queue.add("a")
    assert await drain(queue) == ["a"]


async def test_a_key_that_is_added_while_it_is_handled_comes_once_more_and_not_before_done() -> (
    None
):
    queue: WorkQueue[str] = WorkQueue()
    queue.add("a")
    key = await queue.get()
    queue.add("a")
    queue.add("a")
    assert len(queue) == 0, "one worker at a time for a key"
    queue.done(key)
    assert await drain(queue) == ["a"]


async def test_a_key_that_is_done_and_was_not_added_again_does_not_come_back() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add("a")
    queue.done(await queue.get())
    assert len(queue) == 0


async def test_other_keys_are_handled_while_one_takes_long() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add("slow")
    assert await queue.get() == "slow"
    queue.add("quick")
    assert await queue.get() == "quick"


async def test_workers_that_wait_get_one_key_each() -> None:
    queue: WorkQueue[str] = WorkQueue()
    workers = [asyncio.create_task(queue.get()) for _ in range(3)]
    await asyncio.sleep(0)
    queue.add("a")
    queue.add("b")
    queue.add("c")
    assert sorted(await asyncio.gather(*workers)) == ["a", "b", "c"]


async def test_a_worker_that_is_cancelled_while_it_waits_takes_no_key_with_it() -> None:
    queue: WorkQueue[str] = WorkQueue()
    worker = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    worker.cancel()
    queue.add("a")
    await asyncio.gather(worker, return_exceptions=True)
    assert await asyncio.wait_for(queue.get(), 1) == "a"


def test_a_key_that_is_added_for_later_comes_then() -> None:
    async def scenario() -> float:
        queue: WorkQueue[str] = WorkQueue()
        queue.add_after("a", 90)
        assert await queue.get() == "a"
        return virtual_time.now()

    assert virtual_time.run(scenario()) == 90


@pytest.mark.parametrize("delays", [(90, 30), (30, 90)])
def test_of_two_appointments_the_sooner_one_holds(delays: tuple[int, int]) -> None:
    async def scenario() -> tuple[float, int]:
        queue: WorkQueue[str] = WorkQueue()
        for delay in delays:
            queue.add_after("a", delay)
        queue.done(await queue.get())
        at = virtual_time.now()
        await asyncio.sleep(200)
        return at, len(queue)

    assert virtual_time.run(scenario()) == (30, 0)


def test_an_appointment_in_the_past_is_at_once() -> None:
    async def scenario() -> int:
        queue: WorkQueue[str] = WorkQueue()
        queue.add_after("a", 0)
        queue.add_after("b", -5)
        return len(queue)

    assert virtual_time.run(scenario()) == 2


def test_an_appointment_during_a_look_comes_after_it() -> None:
    async def scenario() -> tuple[int, int]:
        queue: WorkQueue[str] = WorkQueue()
        queue.add("a")
        key = await queue.get()
        queue.add_after("a", 5)
        await asyncio.sleep(10)
        before = len(queue)
        queue.done(key)
        return before, len(queue)

    assert virtual_time.run(scenario()) == (0, 1)


def test_failures_come_back_later_each_time_up_to_a_minute_and_a_success_forgets_them() -> None:
    async def scenario() -> tuple[list[float], float, float]:
        queue: WorkQueue[str] = WorkQueue()
        delays = [queue.retry("a") for _ in range(12)]
        other = queue.retry("b")
        queue.forget_failures("a")
        after = queue.retry("a")
        queue.close()
        return delays, other, after

    delays, other, after = virtual_time.run(scenario())
    assert delays[:4] == [0.1, 0.2, 0.4, 0.8]
    assert delays == sorted(delays)
    assert delays[-1] == 60
    assert (other, after) == (0.1, 0.1)


def test_a_key_that_fails_for_weeks_is_still_tried_each_minute() -> None:
    async def scenario() -> float:
        queue: WorkQueue[str] = WorkQueue()
        for _ in range(3000):
            last = queue.retry("a")
        queue.close()
        return last

    assert virtual_time.run(scenario()) == 60


def test_a_queue_that_is_closed_keeps_no_appointment() -> None:
    async def scenario() -> int:
        queue: WorkQueue[str] = WorkQueue()
        queue.add_after("a", 5)
        queue.close()
        await asyncio.sleep(10)
        return len(queue)

    assert virtual_time.run(scenario()) == 0
