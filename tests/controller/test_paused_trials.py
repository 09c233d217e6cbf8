"""What becomes of paused trials when their TuningJob is suspended, stopped or begun anew."""

from tests.controller.fake_operator import Operator, let_pass, run_to_the_end, run_until
from tests.controller.promoting import fields, make_world
from tests.controller.toy_cluster import World
from tests.controller.toy_kubelet import Script


async def test_suspending_takes_the_promoted_away_and_leaves_the_paused_as_they_are() -> None:
    world = make_world(fields(limits={"maxTrials": 4}))
    operator = Operator(world)
    await run_until(world, [operator], lambda: {"Paused", "Running"} <= set(world.states.values()))
    paused = [name for name, state in world.states.items() if state == "Paused"]
    world.edit(suspend=True)
    await run_until(world, [operator], lambda: not world.live_pods)
    await let_pass(world, operator, seconds=3)
    assert all(world.states[name] == "Paused" for name in paused)
    assert "Running" not in world.states.values()
    world.edit(suspend=False)
    await run_to_the_end(world, operator)
    assert world.states["digits-3"] == "Succeeded"
    assert max(world.steps_trained.values()) <= 4, "the checkpoint outlives a suspension"


async def test_a_users_stop_ends_paused_trials_with_their_evidence() -> None:
    world = World(script=lambda index: Script(values=(0.5,), ends=index == 0))
    world.submit(fields(limits={"maxTrials": 4}))
    operator = Operator(world)
    await run_until(world, [operator], lambda: world.states.get("digits-0") == "Paused")
    world.edit(stop=True)
    await run_to_the_end(world, operator)
    assert world.status["reason"] == "StoppedByUser"
    assert world.states["digits-0"] == "EarlyStopped"
    assert world.trials[0]["status"]["evidence"]["value"] == 0.5
    assert world.states["digits-1"] == "Stopped"
    assert world.status["best"]["trial"] == "digits-0"


async def test_deleting_the_job_takes_paused_trials_with_it() -> None:
    world = make_world()
    operator = Operator(world)
    await run_until(world, [operator], lambda: "Paused" in world.states.values())
    world.delete()
    await run_until(
        world,
        [operator],
        lambda: not any(world.api.all(kind) for kind in ("trials", "jobs", "pods")),
    )


async def test_a_new_run_ends_paused_trials_of_the_run_before() -> None:
    world = make_world()
    operator = Operator(world)
    await run_until(world, [operator], lambda: world.states.get("digits-0") == "Paused")
    world.edit(runId="second")
    await run_until(world, [operator], lambda: "digits-second-0" in world.states)
    assert world.trials[0]["status"]["reason"] == "NewRun"
    await run_to_the_end(world, operator)
    first, second = (
        {path for path in world.checkpoints if path.startswith(name)}
        for name in ("digits-0-", "digits-second-0-")
    )
    assert first
    assert second
