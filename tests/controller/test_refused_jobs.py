"""A Job that a quota refuses is said on its trial, and asked for again at a slow pace."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from kubetune.errors import ForbiddenError
from tests.controller.fake_operator import (
    Operator,
    let_pass,
    run_to_the_end,
    run_until,
    start_operator,
)
from tests.controller.specs import spec_fields
from tests.controller.toy_cluster import World
from tests.controller.toy_kubelet import Script

QUOTA = 'jobs.batch "digits-0" is forbidden: exceeded quota: gpus'


def fill_the_quota(operator: Operator) -> None:
    """From now on no Job of the operator's is admitted, though its dry runs are."""

    def full(_number: int, call: Any, when: str) -> None:
        if str(call) == "POST jobs" and when == "before":
            raise ForbiddenError(403, QUOTA)

    operator.client.around = full


async def test_a_job_that_a_quota_refuses_later_is_said_on_its_trial_and_tried_again() -> None:
    world = World()
    world.submit(spec_fields(limits={"maxTrials": 1, "maxParallelTrials": 1}))
    operator = Operator(world)
    fill_the_quota(operator)
    await let_pass(world, operator, seconds=40)
    (trial,) = world.trials
    assert trial["status"]["reason"] == "JobRefused"
    assert trial["status"]["message"] == QUOTA
    attempts = [call for call in operator.client.calls if str(call) == "POST jobs"]
    assert 2 <= len(attempts) <= 5, "every fifteen seconds, not much more often"
    operator.client.around = lambda _number, _call, _when: None
    await run_to_the_end(world, operator)
    assert world.states == {"digits-0": "Succeeded"}


async def test_a_job_that_is_refused_for_longer_than_max_pending_time_fails_its_trial() -> None:
    world = World()
    limits = {"maxTrials": 1, "maxParallelTrials": 1, "maxPendingTime": "40s"}
    world.submit(spec_fields(limits=limits))
    operator = Operator(world)
    fill_the_quota(operator)
    await run_until(world, [operator], lambda: world.states == {"digits-0": "Failed"}, within=70)
    (trial,) = world.trials
    assert trial["status"]["reason"] == "JobRefused"
    assert trial["status"]["message"].endswith(QUOTA)
    await run_to_the_end(world, operator)
    assert world.status["reason"] == "NoTrialSucceeded"


async def test_an_operator_that_restarts_often_remembers_since_when_a_job_is_refused() -> None:
    world = World()
    limits = {"maxTrials": 1, "maxParallelTrials": 1, "maxPendingTime": "40s"}
    world.submit(spec_fields(limits=limits))
    began = world.api.now
    while world.states != {"digits-0": "Failed"}:
        operator = Operator(world)
        fill_the_quota(operator)
        await let_pass(world, operator, seconds=5)
        assert world.api.now - began < timedelta(seconds=60), world.trials
    assert world.api.now - began >= timedelta(seconds=40)
    assert "refusedSince" not in world.trials[0]["status"]


async def test_a_job_that_is_no_more_refused_does_not_say_so() -> None:
    world = World()
    world.submit(spec_fields(limits={"maxTrials": 1, "maxParallelTrials": 1}))
    operator = Operator(world)
    fill_the_quota(operator)
    await let_pass(world, operator, seconds=5)
    assert world.trials[0]["status"]["refusedSince"] == "2026-01-01T00:00:01Z"
    operator.client.around = lambda _number, _call, _when: None
    await run_until(world, [operator], lambda: world.states == {"digits-0": "Running"})
    assert "refusedSince" not in world.trials[0]["status"]


async def test_a_quota_smaller_than_the_parallelism_is_not_asked_with_every_report() -> None:
    world = World(script=lambda _: Script(values=tuple([0.5] * 100)))
    world.submit(spec_fields(limits={"maxTrials": 10, "maxParallelTrials": 10}))
    room, refused = 2, 0

    def admission(plural: str, _body: Mapping[str, Any]) -> None:
        nonlocal refused
        if plural == "jobs" and len(world.api.all("jobs")) >= room:
            refused += 1
            raise ForbiddenError(403, QUOTA)

    world.api.admission = admission
    operator = await start_operator(world, seconds=60)
    assert len(world.live_pods) == room
    assert refused <= 8 * (60 // 15 + 2), "each of eight trials every fifteen seconds"
    room = 10
    await run_until(world, [operator], lambda: len(world.live_pods) == room, within=20)
