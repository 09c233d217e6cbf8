"""What holds a trial up until a person acts is said as the condition Degraded."""

from kubetune.kube.objects import ObjectKey
from tests.controller.fake_operator import (
    Operator,
    let_pass,
    run_to_the_end,
    run_until,
    until_running,
)
from tests.controller.specs import spec_fields, template
from tests.controller.toy_cluster import World
from tests.controller.toy_kubelet import Script


async def test_a_pod_that_does_not_terminate_is_named_and_its_place_is_not_given_away() -> None:
    world = World(script=lambda _: Script(ends=False), nodes_answer=False)
    world.submit(spec_fields(limits={"maxTrials": 2, "maxParallelTrials": 1}))
    operator = Operator(world)
    await until_running(world, operator, 1)
    world.edit(suspend=True)
    await let_pass(world, operator, seconds=5)
    world.edit(suspend=False)
    await let_pass(world, operator, seconds=50)
    assert world.condition("Degraded") is None
    await let_pass(world, operator, seconds=20)
    degraded = world.conditions["Degraded"]
    assert degraded["status"] == "True"
    assert "does not terminate" in degraded["message"]
    assert "kubectl delete pod -n team-a digits-0-00001 --force" in degraded["message"]
    assert world.live_pods == ["digits-0"]
    world.nodes_answer = True
    await run_until(world, [operator], lambda: world.condition("Degraded") == "False", within=70)
    await run_until(world, [operator], lambda: world.states["digits-0"] == "Running")


async def test_jobs_that_the_template_suspends_are_said_on_the_job_until_one_is_resumed() -> None:
    suspending = template()
    suspending["spec"]["suspend"] = True
    world = World()
    limits = {"maxTrials": 2, "maxParallelTrials": 2}
    world.submit(spec_fields(job_template=suspending, limits=limits))
    operator = Operator(world)
    await run_until(world, [operator], lambda: world.condition("Degraded") == "True")
    degraded = world.conditions["Degraded"]
    assert "remove suspend from the template" in degraded["message"]
    reasons = [trial["status"]["reason"] for trial in world.trials]
    assert reasons == ["SuspendedByTemplate", "SuspendedByTemplate"]
    for job in world.api.all("jobs"):
        key = ObjectKey(job["metadata"]["namespace"], job["metadata"]["name"])
        world.api.patch("jobs", key, None, {"spec": {"suspend": False}})
    await run_to_the_end(world, operator)
    assert set(world.states.values()) == {"Succeeded"}
    assert world.condition("Degraded") == "False"
