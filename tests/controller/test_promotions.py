"""Hyperband that pauses and promotes, by the state of the cluster: nothing is trained twice."""

from collections.abc import Mapping
from typing import Any

import pytest

from kubetune.trialjob.identity import owner_reference
from tests.controller.builders import NAMESPACE, spec_fields, template
from tests.controller.fake_operator import Operator, run_to_the_end, run_until
from tests.controller.toy_cluster import Script, World

CHECKPOINT = {"persistentVolumeClaim": {"claimName": "models"}}
TRAIN = {
    "name": "train",
    "image": "trainer:1",
    "args": ["--all=$(KUBETUNE_PARAMETERS)", "--epochs=$(trial.resource)"],
}
SETTINGS = {"mode": "Promotion", "maxResource": 4, "reductionFactor": 2, "brackets": 1}


def fields(
    *,
    mode: str = "Promotion",
    checkpoint: Mapping[str, Any] | None = CHECKPOINT,
    limits: Mapping[str, Any] | None = None,
    **others: Any,
) -> dict[str, Any]:
    """A spec whose rungs are 1, 2 and 4."""
    settings = {**SETTINGS, "mode": mode, "restartPromoted": checkpoint is None}
    given: dict[str, Any] = {} if checkpoint is None else {"checkpoint": dict(checkpoint)}
    return spec_fields(
        "Hyperband",
        hyperband=settings,
        limits=limits,
        job_template=template(containers=[TRAIN]),
        **given,
        **others,
    )


def make_world(spec: Mapping[str, Any] | None = None) -> World:
    """A world in which a trial is the better the greater its index."""
    world = World(
        script=lambda index: Script(values=tuple(0.5 + index / 10 + n / 100 for n in range(4)))
    )
    world.submit(spec or fields())
    return world


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


async def test_suspending_takes_the_promoted_away_and_leaves_the_paused_as_they_are() -> None:
    world = make_world(fields(limits={"maxTrials": 4}))
    operator = Operator(world)
    await run_until(world, [operator], lambda: {"Paused", "Running"} <= set(world.states.values()))
    paused = [name for name, state in world.states.items() if state == "Paused"]
    world.edit(suspend=True)
    await run_until(world, [operator], lambda: not world.live_pods)
    for _ in range(3):
        world.tick()
        await operator.work()
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


async def test_a_claim_is_made_once_and_belongs_to_the_job() -> None:
    template = {"spec": {"accessModes": ["ReadWriteMany"]}}
    world = make_world(fields(checkpoint={"volumeClaimTemplate": template}))
    operator = Operator(world)
    await run_to_the_end(world, operator)
    (claim,) = world.api.all("persistentvolumeclaims")
    assert claim["metadata"]["name"] == "digits-checkpoints"
    assert claim["metadata"]["ownerReferences"][0]["uid"] == world.job["metadata"]["uid"]
    assert claim["spec"] == template["spec"]
    calls = [str(call) for call in operator.client.calls]
    first_trial = calls.index("POST trials")
    assert calls.index("POST persistentvolumeclaims") < first_trial


async def test_a_claim_of_somebody_else_is_not_used_and_the_user_is_told() -> None:
    world = World()
    world.api.create(
        "persistentvolumeclaims", NAMESPACE, {"metadata": {"name": "digits-checkpoints"}}
    )
    world.submit(fields(checkpoint={"volumeClaimTemplate": {"spec": {}}}))
    operator = Operator(world)
    await run_until(world, [operator], lambda: world.condition("Accepted") == "False")
    assert world.status["reason"] == "ClaimNameTaken"
    assert world.trials == []
    claim = world.api.all("persistentvolumeclaims")[0]["metadata"]["name"]
    world.api.objects["persistentvolumeclaims"].clear()
    assert claim == "digits-checkpoints"
    await run_to_the_end(world, operator, within=200)
    assert world.status["phase"] == "Complete"


@pytest.mark.parametrize(
    "leaving",
    [
        pytest.param({"deletionTimestamp": "2026-01-01T00:00:00Z"}, id="a pod uses it still"),
        pytest.param(
            {"ownerReferences": [owner_reference("TuningJob", "digits", "earlier")]},
            id="the garbage collector is still to come",
        ),
    ],
)
async def test_a_claim_of_an_earlier_job_of_the_same_name_is_waited_for(
    leaving: dict[str, Any],
) -> None:
    world = World()
    left = {"metadata": {"name": "digits-checkpoints", **leaving}}
    world.api.create("persistentvolumeclaims", NAMESPACE, left)
    world.submit(fields(checkpoint={"volumeClaimTemplate": {"spec": {}}}))
    operator = Operator(world)
    await run_until(world, [operator], lambda: world.condition("Accepted") == "False")
    assert (world.status["reason"], world.condition("Stalled")) == ("ClaimNameTaken", "False")
    world.api.objects["persistentvolumeclaims"].clear()
    await run_until(world, [operator], lambda: world.condition("Accepted") == "True", within=8)
    await run_to_the_end(world, operator)
    assert len(world.api.all("persistentvolumeclaims")) == 1
