"""What is left of the runs before a new runId."""

from kubetune.kube.objects import ObjectKey
from tests.controller.builders import NAMESPACE
from tests.controller.fake_operator import Operator, run_to_the_end, run_until
from tests.controller.specs import spec_fields, template
from tests.controller.toy_cluster import World
from tests.controller.toy_kubelet import Script

TWO = {"maxTrials": 2}
ONE = {"maxTrials": 1, "maxParallelTrials": 1}


def trainer(**limits: object) -> dict[str, object]:
    args = ["--all=$(KUBETUNE_PARAMETERS)"]
    container = {"name": "train", "args": args, "resources": {"limits": limits}}
    return template(containers=[container])


async def test_a_run_of_a_name_that_trials_still_have_is_refused_with_the_remedy() -> None:
    world = World()
    world.submit(spec_fields(limits=TWO, runId="first"))
    operator = Operator(world)
    await run_to_the_end(world, operator)
    world.edit(runId="second")
    await run_until(world, [operator], lambda: world.status.get("runId") == "second")
    await run_to_the_end(world, operator)
    made = dict(world.jobs_made)

    # As after five runs more, when status.previousRuns has forgotten it.
    world.edit(runId="first")
    await run_until(world, [operator], lambda: world.condition("Accepted") == "False")
    await run_until(world, [Operator(world)], lambda: world.condition("Stalled") == "True")
    assert world.status["reason"] == "RunIdUsed"
    assert "digits-first-0" in world.status["message"]
    assert "set one that was not used before" in world.status["message"]
    assert world.jobs_made == made

    world.edit(runId="third")
    await run_until(world, [operator], lambda: world.status.get("runId") == "third")
    await run_to_the_end(world, operator)
    assert world.status["progress"] == "2/2"
    assert [run["runId"] for run in world.status["previousRuns"]] == ["second", "first"]


async def test_a_job_of_an_earlier_run_that_never_heard_how_long_to_stay_is_told() -> None:
    world = World()
    world.submit(spec_fields(limits=TWO, runId="first"))
    await run_to_the_end(world, Operator(world))
    # The operator died before it could say so.
    key = ObjectKey(NAMESPACE, "digits-first-0")
    world.api.update("jobs", key, spec={"ttlSecondsAfterFinished": None})
    world.edit(runId="second")
    operator = Operator(world)
    await run_until(world, [operator], lambda: world.status.get("runId") == "second")
    await run_to_the_end(world, operator)
    assert world.api.find("jobs", key)["spec"]["ttlSecondsAfterFinished"] == 3600
    assert world.most_live_pods["*"] == 2


async def test_what_a_trial_had_used_when_a_new_run_ended_it_is_counted_by_its_own_job() -> None:
    world = World(script=lambda _: Script(ends=False))
    world.submit(
        spec_fields(limits=ONE, runId="first", job_template=trainer(**{"nvidia.com/gpu": 2}))
    )
    operator = Operator(world)
    await run_until(world, [operator], lambda: world.states == {"digits-first-0": "Running"})
    for _ in range(10):
        world.tick()
        await operator.work()
    # The trial has no such parameter.
    asked = trainer(**{"nvidia.com/gpu": "$(params.gpus)"})
    gpus = {"name": "gpus", "type": "Integer", "min": 1, "max": 4}
    world.edit(runId="second", parameters=[gpus], trial={"template": asked})
    await run_until(world, [operator], lambda: world.states.get("digits-second-0") == "Running")
    (old, _) = sorted(world.trials, key=lambda trial: str(trial["spec"]["runId"]))
    assert (old["status"]["state"], old["status"]["reason"]) == ("Stopped", "NewRun")
    assert 2 * 10 <= old["status"]["gpuSeconds"] <= 2 * 13
    assert ("Trial", "NewRun", old["status"]["message"]) in operator.notes.told


async def test_a_pod_of_an_earlier_run_that_does_not_terminate_is_named() -> None:
    world = World(script=lambda _: Script(ends=False), nodes_answer=False)
    world.submit(spec_fields(limits=ONE, runId="first"))
    operator = Operator(world)
    await run_until(world, [operator], lambda: "Running" in world.states.values())
    world.edit(runId="second")
    await run_until(world, [operator], lambda: world.condition("Degraded") == "True", within=90)
    (degraded,) = [c for c in world.status["conditions"] if c["type"] == "Degraded"]
    assert "no trial of this run can start" in degraded["message"]
    assert "kubectl delete pod -n team-a digits-first-0-00001 --force" in degraded["message"]
    world.nodes_answer = True
    await run_until(world, [operator], lambda: world.states.get("digits-second-0") == "Running")
    await run_until(world, [operator], lambda: world.condition("Degraded") == "False")


async def test_a_pod_of_a_deleted_trial_that_does_not_terminate_is_named() -> None:
    world = World(script=lambda _: Script(ends=False), nodes_answer=False)
    world.submit(spec_fields(limits=ONE))
    operator = Operator(world)
    await run_until(world, [operator], lambda: "Running" in world.states.values())
    world.api.remove("trials", ObjectKey(NAMESPACE, "digits-0"))
    await run_until(world, [operator], lambda: world.condition("Degraded") == "True", within=90)
    (degraded,) = [c for c in world.status["conditions"] if c["type"] == "Degraded"]
    assert "pod digits-0-00001 of trial digits-0 was deleted" in degraded["message"]
