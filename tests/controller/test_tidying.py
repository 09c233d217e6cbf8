"""What is done to the Jobs of a TuningJob after its end, whatever the namespace allows."""

from kubetune.errors import ConflictError, ForbiddenError
from kubetune.kube.objects import ObjectKey
from tests.controller.builders import NAMESPACE
from tests.controller.fake_cluster import Call
from tests.controller.fake_operator import Operator, run_to_the_end, run_until
from tests.controller.specs import spec_fields, template
from tests.controller.toy_cluster import World
from tests.controller.toy_kubelet import Script

TRAINER = {
    "name": "train",
    "args": ["--all=$(KUBETUNE_PARAMETERS)"],
    "resources": {"limits": {"nvidia.com/gpu": 2}},
}


async def test_a_policy_that_keeps_jobs_for_ever_is_no_fault_of_the_tuning_job() -> None:
    def refuse_changes_of_jobs(_number: int, call: Call, when: str) -> None:
        if (call.plural, call.method, when) == ("jobs", "PATCH", "before"):
            raise ForbiddenError(403, "Jobs are not to be changed here")

    world = World()
    world.submit(spec_fields())
    operator = Operator(world)
    operator.client.around = refuse_changes_of_jobs
    await run_to_the_end(world, operator)
    successor = Operator(world)
    successor.client.around = refuse_changes_of_jobs
    await successor.work()
    assert any(call.method == "PATCH" for call in successor.client.calls)
    assert successor.notes.told == []
    assert world.status["phase"] == "Complete"


async def outlived() -> World:
    """A TuningJob that has ended, and a trial of it that runs all the same."""
    world = World(script=lambda _: Script(ends=False))
    limits = {"maxTrials": 1, "maxParallelTrials": 1}
    world.submit(spec_fields(limits=limits, job_template=template(containers=[TRAINER])))
    operator = Operator(world)
    await run_until(world, [operator], lambda: world.states == {"digits-0": "Running"})
    ended = {"phase": "Complete", "reason": "MaxTrialsReached"}
    world.api.update("tuningjobs", ObjectKey(NAMESPACE, "digits"), status=ended)
    for _ in range(10):
        world.tick()
    return world


async def test_a_trial_that_outlives_the_end_is_stopped_and_what_it_used_is_counted() -> None:
    world = await outlived()
    operator = Operator(world)
    await run_until(world, [operator], lambda: not world.live_pods)
    (trial,) = world.trials
    assert (trial["status"]["state"], trial["status"]["reason"]) == ("Stopped", "MaxTrialsReached")
    assert 2 * 10 <= trial["status"]["gpuSeconds"] <= 2 * 13


async def test_the_job_of_a_trial_is_left_until_its_stop_is_recorded() -> None:
    refused: list[Call] = []

    def refuse_once(_number: int, call: Call, when: str) -> None:
        if (str(call), when) == ("PATCH trials/status", "before") and not refused:
            refused.append(call)
            raise ConflictError(409, "the object has been modified")

    world = await outlived()
    operator = Operator(world)
    operator.client.around = refuse_once
    world.tick()
    await operator.work()
    assert refused
    assert [job["metadata"]["name"] for job in world.api.all("jobs")] == ["digits-0"]
    world.edit(stop=True)  # as any event would
    await run_until(world, [operator], lambda: not world.live_pods)
    assert world.states == {"digits-0": "Stopped"}
