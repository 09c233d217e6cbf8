"""Hyperband that pauses and promotes, by the state of the cluster: nothing is trained twice."""

import pytest

from tests.controller.fake_operator import Operator, run_to_the_end, run_until
from tests.controller.promoting import fields, make_world
from tests.controller.toy_cluster import World
from tests.controller.toy_kubelet import Script


def reached(world: World) -> dict[str, list[int]]:
    """The rungs of each trial."""
    return {
        trial["metadata"]["name"]: [rung["step"] for rung in trial["status"].get("rungs", [])]
        for trial in world.trials
    }


@pytest.mark.parametrize("mode", ["Promotion", "Synchronous"])
async def test_only_the_best_are_trained_to_the_end_and_none_is_trained_twice(mode: str) -> None:
    world = make_world(fields(mode=mode, limits={"maxTrials": 4}))
    await run_to_the_end(world, Operator(world))
    assert world.states["digits-3"] == "Succeeded"
    assert world.states["digits-0"] == "EarlyStopped"
    trained = {
        trial["metadata"]["name"]: trial["status"].get("resource", 1) for trial in world.trials
    }
    assert dict(world.steps_trained) == trained, "each step once"
    assert all(n == 1 for name, n in world.most_live_pods.items() if name != "*")
    assert world.most_live_pods["*"] <= 2
    best = world.status["best"]
    assert (best["trial"], best["resource"]) == ("digits-3", 4)
    assert world.status["stepsUsed"] == sum(trained.values())
    assert sum(world.status["trials"].values()) == 4


async def test_a_paused_trial_has_no_job_and_its_promotion_is_a_job_of_the_same_name() -> None:
    world = make_world(fields(limits={"maxTrials": 8, "maxParallelTrials": 1}))
    operator = Operator(world)
    await run_until(world, [operator], lambda: "Paused" in world.states.values())
    await operator.work()
    assert "digits-0" not in {job["metadata"]["name"] for job in world.api.all("jobs")}
    await run_to_the_end(world, operator)
    promoted = [trial for trial in world.trials if trial["status"].get("resource")]
    assert promoted
    for trial in promoted:
        rungs = trial["status"]["rungs"]
        made = world.jobs_made[trial["metadata"]["name"]]
        assert made == trial["status"]["attempts"] == 1 + sum("promotion" in r for r in rungs)
        assert rungs[0]["promotion"]["rule"] == "asha-promotion/v2"
        assert rungs[0]["promotion"]["threshold"] <= rungs[0]["promotion"]["value"]
        assert all(rung["time"] <= rung["leftTime"] for rung in rungs if "promotion" in rung)


async def test_promotions_and_stops_carry_their_evidence_in_status_and_events() -> None:
    world = make_world(fields(limits={"maxTrials": 4}))
    operator = Operator(world)
    await run_to_the_end(world, operator)
    told = [reason for _, reason, _ in operator.notes.told]
    promotions = sum(
        "promotion" in rung for t in world.trials for rung in t["status"].get("rungs", [])
    )
    assert told.count("Promoted") == told.count("TrialPromoted") == promotions > 0
    stopped = [t["status"] for t in world.trials if t["status"]["state"] == "EarlyStopped"]
    assert told.count("TrialEarlyStopped") == len(stopped)
    for status in stopped:
        evidence = status["evidence"]
        assert evidence["step"] == status["rungs"][-1]["step"] == status["step"]
        assert evidence["value"] == status["value"] <= evidence["threshold"]
        assert evidence["rule"] == "asha-promotion/v2"
        assert status["completionTime"] == status["rungs"][-1]["time"]
        assert status["rungs"][-1]["leftTime"] >= status["completionTime"]


async def test_without_a_checkpoint_a_promoted_trial_is_trained_from_its_beginning() -> None:
    world = make_world(fields(checkpoint=None, limits={"maxTrials": 4}))
    await run_to_the_end(world, Operator(world))
    assert world.steps_trained["digits-3"] == 1 + 2 + 4
    assert reached(world)["digits-3"] == [1, 2]
    assert world.status["stepsUsed"] == sum(world.steps_trained.values())


async def test_a_promoted_trial_that_fails_still_counts_at_the_rungs_that_it_reached() -> None:
    def script(index: int) -> Script:
        values = tuple(0.5 + index / 10 + n / 100 for n in range(4))
        return Script(values=values[:1] if index == 3 else values, exit_code=0)

    world = World(script=script)
    world.submit(fields(limits={"maxTrials": 4}))
    operator = Operator(world)
    await run_until(
        world, [operator], lambda: world.trials[-1]["status"].get("resource") == 2, within=60
    )
    name = world.trials[-1]["metadata"]["name"]
    world.script = lambda index: (
        Script(values=(), exit_code=1) if name.endswith(str(index)) else script(index)
    )
    await run_to_the_end(world, operator)
    failed = world.trials[-1]["status"]
    assert failed["state"] == "Failed"
    assert [rung["step"] for rung in failed["rungs"]] == [1]
    population = {
        rung["promotion"]["population"]
        for trial in world.trials
        for rung in trial["status"]["rungs"]
        if "promotion" in rung and rung["step"] == 1
    }
    assert max(population) == 4


async def test_a_disrupted_attempt_of_a_promoted_trial_goes_on_from_the_checkpoint() -> None:
    world = make_world(fields(limits={"maxTrials": 4}))
    operator = Operator(world)
    await run_until(
        world,
        [operator],
        lambda: any(
            trial["status"].get("resource") == 4 and trial["metadata"]["name"] in world.live_pods
            for trial in world.trials
        ),
    )
    name = next(t["metadata"]["name"] for t in world.trials if t["status"].get("resource") == 4)
    world.tick()
    world.disrupt(name)
    await run_to_the_end(world, operator)
    assert world.states[name] == "Succeeded"
    assert world.steps_trained[name] == 4
    assert world.jobs_made[name] == 3


@pytest.mark.parametrize("mode", ["Promotion", "Synchronous"])
async def test_a_job_of_trials_that_all_fail_fails(mode: str) -> None:
    world = World(script=lambda _: Script(values=(), exit_code=1))
    world.submit(fields(mode=mode, limits={"maxTrials": 4, "maxInitialFailures": 0}))
    await run_to_the_end(world, Operator(world))
    assert (world.status["phase"], world.status["reason"]) == ("Failed", "NoTrialSucceeded")
