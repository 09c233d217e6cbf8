"""What a trial costs in requests, whatever the number of trials before it."""

from tests.controller.fake_operator import Operator, count_by_kind, let_pass, run_to_the_end
from tests.controller.specs import spec_fields
from tests.controller.toy_cluster import World
from tests.controller.toy_kubelet import Script

PER_JOB = 6
"""Two dry runs, an account, its binding, and the status at the start and at the end."""

PER_TRIAL = 5
"""Creating the Trial and its Job; recording that it runs, and how it ended; the Job's retention."""

PER_STOP = 1
"""Deleting the Job of a trial that is stopped early."""


async def calls_of(world: World, spec: dict[str, object]) -> dict[str, int]:
    world.submit(spec)
    operator = Operator(world)
    await run_to_the_end(world, operator)
    return count_by_kind(operator.client.calls)


def number_of_status_writes(calls: dict[str, int]) -> int:
    return calls["PATCH tuningjobs/status"]


async def test_a_trial_that_succeeds_costs_five_requests() -> None:
    for trials in (4, 40):
        limits = {"maxTrials": trials, "maxParallelTrials": 4}
        world = World(script=lambda _: Script(values=(0.1, 0.2, 0.3)))
        calls = await calls_of(world, spec_fields(limits=limits))
        progress_writes = number_of_status_writes(calls) - 2
        assert sum(calls.values()) <= PER_JOB + PER_TRIAL * trials + progress_writes


async def test_a_trial_that_is_stopped_early_costs_one_more() -> None:
    limits = {"maxTrials": 18, "maxParallelTrials": 3}
    spec = spec_fields("Hyperband", hyperband={"maxResource": 9}, limits=limits)
    world = World(script=lambda index: Script(values=tuple([0.9 - index / 100] * 9), pace=2))
    calls = await calls_of(world, spec)
    stopped = list(world.states.values()).count("EarlyStopped")
    assert stopped > 5
    progress_writes = number_of_status_writes(calls) - 2
    want = PER_JOB + PER_TRIAL * 18 + PER_STOP * stopped + progress_writes
    assert sum(calls.values()) <= want
    assert calls["DELETE jobs"] == stopped


async def test_the_status_of_a_job_is_written_six_times_a_minute_at_most() -> None:
    world = World(script=lambda _: Script(values=(0.5,)))
    world.submit(spec_fields(limits={"maxTrials": 1000, "maxParallelTrials": 3}))
    operator = Operator(world)
    await let_pass(world, operator, seconds=120)
    calls = count_by_kind(operator.client.calls)
    assert calls["POST trials"] > 60
    assert calls["PATCH tuningjobs/status"] <= 13


async def test_a_job_in_which_nothing_happens_costs_nothing() -> None:
    world = World(script=lambda _: Script(values=(), ends=False))
    world.submit(spec_fields())
    operator = Operator(world)
    await let_pass(world, operator, seconds=30)
    before = len(operator.client.calls)
    await let_pass(world, operator, seconds=300)
    assert len(operator.client.calls) == before
