"""A name that somebody else uses: what is theirs is left alone, and said."""

import pytest

from kubetune.kube.objects import ObjectKey
from kubetune.trialjob.identity import owner_reference
from tests.controller.builders import NAMESPACE, make_body
from tests.controller.fake_operator import (
    Operator,
    let_pass,
    run_to_the_end,
    run_until,
    start_operator,
)
from tests.controller.specs import spec_fields
from tests.controller.toy_cluster import World


async def test_somebodys_job_of_the_same_name_is_left_alone_and_the_trial_says_so() -> None:
    world = World()
    theirs = {"metadata": {"name": "digits-1", "labels": {}}, "spec": {"suspend": True}}
    world.api.create("jobs", NAMESPACE, theirs)
    world.submit(spec_fields(limits={"maxTrials": 2}))
    operator = await start_operator(world, seconds=20)
    assert world.states == {"digits-0": "Succeeded", "digits-1": "Pending"}
    assert world.trials[1]["status"]["reason"] == "JobRefused"
    assert "a Job named digits-1 exists" in world.trials[1]["status"]["message"]
    world.delete_job_of("digits-1")
    await run_to_the_end(world, operator)
    assert world.states == {"digits-0": "Succeeded", "digits-1": "Succeeded"}


async def test_somebodys_trial_of_the_same_name_is_left_alone_and_the_job_says_so() -> None:
    world = World()
    theirs = {"metadata": {"name": "digits-0", "labels": {}}, "spec": {"index": 0}}
    world.api.create("trials", NAMESPACE, theirs)
    world.submit(spec_fields(limits={"maxTrials": 2, "maxParallelTrials": 1}))
    operator = await start_operator(world, seconds=20)
    assert world.api.all("jobs") == []
    (note,) = {note for _, reason, note in operator.notes.told if reason == "TrialRefused"}
    assert "a Trial named digits-0 exists" in note
    world.api.remove("trials", ObjectKey(NAMESPACE, "digits-0"))
    await run_to_the_end(world, operator)
    assert world.states == {"digits-0": "Succeeded", "digits-1": "Succeeded"}


async def test_a_trial_of_the_same_name_of_another_tuning_job_is_not_to_be_deleted() -> None:
    world = World()
    other = world.api.create("tuningjobs", NAMESPACE, {**make_body(), "metadata": {"name": "di"}})
    owner = owner_reference("TuningJob", "di", other["metadata"]["uid"])
    theirs = {"metadata": {"name": "digits-0", "ownerReferences": [owner]}, "spec": {"index": 0}}
    world.api.create("trials", NAMESPACE, theirs)
    world.submit(spec_fields(limits={"maxTrials": 2, "maxParallelTrials": 1}))
    operator = Operator(world)
    await run_until(world, [operator], lambda: world.condition("Degraded") == "True")
    degraded = world.conditions["Degraded"]
    assert "belongs to TuningJob di: give the TuningJob another name" in degraded["message"]


@pytest.mark.parametrize("plural", ["trials", "jobs"])
async def test_what_an_earlier_job_of_the_same_name_left_is_waited_for_without_a_word(
    plural: str,
) -> None:
    world = World(collects_garbage=False)
    kind = {"trials": "TuningJob", "jobs": "Trial"}[plural]
    name = {"trials": "digits", "jobs": "digits-0"}[plural]
    metadata = {"name": "digits-0", "ownerReferences": [owner_reference(kind, name, "earlier")]}
    left = {"metadata": metadata, "spec": {"suspend": True} if plural == "jobs" else {"index": 0}}
    world.api.create(plural, NAMESPACE, left)
    world.submit(spec_fields(limits={"maxTrials": 2, "maxParallelTrials": 1}))
    operator = await start_operator(world, seconds=20)
    assert "Succeeded" not in world.states.values()
    assert {severity for _, _, severity, _ in operator.notes.events} == {"Normal"}
    assert world.condition("Degraded") is None
    await let_pass(world, operator, seconds=20)
    degraded = world.conditions["Degraded"]
    assert "is not gone yet" in degraded["message"]
    world.collects_garbage = True
    await let_pass(world, operator, seconds=3)
    assert len(world.live_pods) == 1, "it is made anew at once"
    await run_to_the_end(world, operator)
    assert world.states == {"digits-0": "Succeeded", "digits-1": "Succeeded"}
