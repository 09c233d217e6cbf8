"""A user edits a TuningJob: another run, or other limits."""

from tests.controller.endless import endless_world
from tests.controller.fake_operator import Operator, run_to_the_end, run_until, until_running
from tests.controller.specs import spec_fields
from tests.controller.toy_cluster import World
from tests.controller.toy_kubelet import Script


async def test_a_new_run_id_begins_a_new_run_and_the_old_results_stay() -> None:
    world = World()
    world.submit(spec_fields(limits={"maxTrials": 2}))
    operator = Operator(world)
    await run_to_the_end(world, operator)
    first = world.status
    world.edit(runId="second", limits={"maxTrials": 3, "maxParallelTrials": 2})
    await run_until(world, [operator], lambda: world.status.get("runId") == "second")
    assert world.condition("Finished") == "False"
    await run_to_the_end(world, operator)
    assert world.status["progress"] == "3/3"
    (before,) = world.status["previousRuns"]
    assert before["best"] == first["best"]
    assert before["reason"] == first["reason"]
    assert len(world.trials) == 5
    assert {name for name in world.states if "second" not in name} == {"digits-0", "digits-1"}


async def test_a_new_run_waits_until_the_pods_of_the_old_one_are_gone() -> None:
    world = endless_world()
    operator = Operator(world)
    await until_running(world, operator)
    world.edit(runId="second")
    await run_until(world, [operator], lambda: "digits-second-1" in world.live_pods)
    assert world.most_live_pods["*"] <= 2
    assert world.states["digits-0"] == world.states["digits-1"] == "Stopped"
    assert world.trials[0]["status"]["reason"] == "NewRun"


async def test_more_trials_may_be_asked_for_while_a_job_runs() -> None:
    world = World(script=lambda _: Script(values=(0.1, 0.2, 0.3)))
    world.submit(spec_fields(limits={"maxTrials": 2}))
    operator = Operator(world)
    await until_running(world, operator)
    world.edit(limits={"maxTrials": 5, "maxParallelTrials": 3})
    await run_to_the_end(world, operator)
    assert len(world.trials) == 5
    assert world.most_live_pods["*"] == 3
    assert world.status["observedGeneration"] == 2


async def test_fewer_trials_may_be_asked_for_and_those_that_run_are_not_cut_short() -> None:
    world = World(script=lambda _: Script(values=(0.1, 0.2, 0.3)))
    world.submit(spec_fields(limits={"maxTrials": 10}))
    operator = Operator(world)
    await until_running(world, operator)
    world.edit(limits={"maxTrials": 2, "maxParallelTrials": 1})
    await run_to_the_end(world, operator)
    assert world.states == {"digits-0": "Succeeded", "digits-1": "Succeeded"}


async def test_an_edit_after_the_end_is_followed_and_nothing_else_happens() -> None:
    world = World()
    world.submit(spec_fields())
    operator = Operator(world)
    await run_to_the_end(world, operator)
    before = world.status
    world.edit(limits={"maxTrials": 50})
    await run_until(world, [operator], lambda: world.status["observedGeneration"] == 2)
    assert len(world.trials) == 4
    assert world.status["completionTime"] == before["completionTime"]
    assert {c["observedGeneration"] for c in world.status["conditions"]} == {2}
