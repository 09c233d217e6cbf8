"""Two operators at work by mistake, in any interleaving of their requests, do no harm."""

import random  # noqa: TID251  interleavings are drawn from a seed
from functools import partial

import pytest

from kubetune.kube.objects import ObjectKey
from tests.controller.builders import NAMESPACE
from tests.controller.fake_operator import Operator, run_to_the_end, run_until
from tests.controller.specs import spec_fields
from tests.controller.toy_cluster import World
from tests.controller.toy_kubelet import Script


def two_operators(world: World, seed: int) -> list[Operator]:
    operators = [Operator(world), Operator(world)]
    for number, operator in enumerate(operators):
        draw = random.Random(f"{seed}-{number}")  # noqa: S311  no secret
        operator.client.turns = partial(draw.randrange, 6)
    return operators


@pytest.mark.parametrize("seed", range(8))
async def test_two_operators_run_each_trial_once(seed: int) -> None:
    world = World(script=lambda index: Script(values=(0.1, 0.2, 0.5 + index / 100)))
    world.submit(spec_fields(limits={"maxTrials": 6, "maxParallelTrials": 3}, seed=None))
    await run_to_the_end(world, *two_operators(world, seed))
    assert world.states == dict.fromkeys((f"digits-{i}" for i in range(6)), "Succeeded")
    assert world.jobs_made == dict.fromkeys(world.states, 1)
    assert world.most_live_pods["*"] <= 3
    assert world.status["progress"] == "6/6"


@pytest.mark.parametrize("seed", range(5))
async def test_two_operators_agree_on_which_trials_to_stop(seed: int) -> None:
    world = World(
        script=lambda index: Script(values=tuple([0.5 - index / 100] * 9), pace=1 + index % 2)
    )
    limits = {"maxTrials": 6, "maxParallelTrials": 3}
    spec = spec_fields("Hyperband", hyperband={"maxResource": 9}, limits=limits)
    world.submit(spec)
    await run_to_the_end(world, *two_operators(world, seed))
    assert len(world.trials) == 6
    assert set(world.states.values()) == {"Succeeded", "EarlyStopped"}
    assert world.jobs_made == dict.fromkeys(world.states, 1)
    assert world.api.all("pods") != []
    assert world.live_pods == []


@pytest.mark.parametrize("seed", range(5))
async def test_two_operators_suspend_and_resume_without_running_anything_twice_at_once(
    seed: int,
) -> None:
    world = World(script=lambda _: Script(values=(0.1, 0.2, 0.3)))
    world.submit(spec_fields())
    operators = two_operators(world, seed)
    await run_until(world, operators, lambda: "Running" in world.states.values())
    world.edit(suspend=True)
    await run_until(world, operators, lambda: world.condition("Suspended") == "True")
    world.edit(suspend=False)
    await run_to_the_end(world, *operators)
    assert set(world.states.values()) == {"Succeeded"}
    assert all(n == 1 for name, n in world.most_live_pods.items() if name != "*")


async def test_a_trial_that_appears_after_the_end_is_stopped_as_well() -> None:
    world = World(script=lambda _: Script(values=(0.5,), ends=False))
    world.submit(spec_fields(limits={"maxTrials": 2}))
    operator = Operator(world)
    await run_until(world, [operator], lambda: len(world.live_pods) == 2)
    world.edit(stop=True)
    await run_to_the_end(world, operator)
    # A create that another process had under way reaches the server late.
    late = dict(world.trials[0])
    late["metadata"] = {**late["metadata"], "name": "digits-7"}
    late["metadata"]["labels"] = {
        **late["metadata"]["labels"],
        "kubetune.dev/trial": "digits-7",
        "kubetune.dev/trial-index": "7",
    }
    late["spec"] = {**late["spec"], "index": 7}
    late["status"] = {}
    world.api.create("trials", NAMESPACE, late)
    await run_until(world, [operator], lambda: world.states["digits-7"] == "Stopped")
    assert world.api.find("trials", ObjectKey(NAMESPACE, "digits-7"))["status"]["reason"] == (
        "StoppedByUser"
    )
    assert world.live_pods == []
