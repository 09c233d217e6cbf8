"""Somebody deletes a TuningJob, a Trial or a Job while it runs."""

from itertools import count

import pytest

from kubetune.kube.objects import ObjectKey
from tests.controller.builders import NAMESPACE
from tests.controller.endless import endless_world
from tests.controller.fake_operator import (
    Operator,
    let_pass,
    run_to_the_end,
    run_until,
    until_running,
)
from tests.controller.specs import spec_fields
from tests.controller.toy_cluster import World
from tests.controller.toy_kubelet import Script


@pytest.mark.parametrize("operator_lives", [True, False])
async def test_a_deleted_job_takes_everything_with_it(operator_lives: bool) -> None:  # noqa: FBT001  a parameter of the test
    world = endless_world()
    operator = Operator(world)
    await until_running(world, operator)
    world.delete()
    operators = [operator] if operator_lives else []
    await run_until(
        world,
        operators,
        lambda: not any(world.api.all(kind) for kind in ("trials", "jobs", "pods")),
    )
    calls = len(operator.client.calls)
    world.tick()
    await operator.work()
    assert len(operator.client.calls) == calls


async def test_a_job_that_is_deleted_while_the_operator_looks_leaves_nothing_behind() -> None:
    for number in count():
        world = endless_world()
        operator = Operator(world)

        def delete_meanwhile(
            call: int, _what: object, when: str, number: int = number, world: World = world
        ) -> None:
            if (call, when) == (number, "before") and world.api.all("tuningjobs"):
                world.delete()

        operator.client.around = delete_meanwhile
        await let_pass(world, operator, seconds=8)
        if world.api.all("tuningjobs"):
            assert number > 8, "it was deleted at each call before"
            return
        left = {kind: len(world.api.all(kind)) for kind in ("trials", "jobs", "pods")}
        assert left == {"trials": 0, "jobs": 0, "pods": 0}, f"deleted at call {number}"


async def test_a_job_that_is_deleted_and_made_anew_under_its_name_runs_from_the_start() -> None:
    world = endless_world()
    operator = Operator(world)
    await until_running(world, operator)
    old = {trial["metadata"]["uid"] for trial in world.trials}
    world.delete()
    world.script = lambda _: Script(values=(0.5,))
    world.submit(spec_fields())
    await run_to_the_end(world, operator)
    assert len(world.trials) == 4
    assert old.isdisjoint(trial["metadata"]["uid"] for trial in world.trials)
    assert world.most_live_pods["*"] <= 4, "two of the old job, two of the new one"


async def test_a_job_that_somebody_deleted_fails_its_trial_and_another_takes_its_place() -> None:
    world = endless_world()
    operator = Operator(world)
    await until_running(world, operator)
    world.delete_job_of("digits-0")
    await run_until(world, [operator], lambda: world.states.get("digits-2") == "Running")
    assert world.trials[0]["status"]["reason"] == "JobDeleted"
    assert world.most_live_pods["*"] <= 2


@pytest.mark.parametrize("deleted", ["digits-0", "digits-1"])
async def test_a_trial_that_somebody_deleted_is_replaced(deleted: str) -> None:
    world = endless_world(limits={"maxTrials": 2})
    operator = Operator(world)
    await until_running(world, operator)
    world.api.remove("trials", ObjectKey(NAMESPACE, deleted))
    world.script = lambda _: Script(values=(0.5,))
    await run_to_the_end(world, operator)
    assert list(world.states.values()) == ["Succeeded", "Succeeded"]
    assert world.most_live_pods["*"] <= 3, "the deleted one's pod has its grace period"
