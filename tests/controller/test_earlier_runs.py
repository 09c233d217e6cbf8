"""What is left of the runs before a new runId."""

from kubetune.kube.objects import ObjectKey
from tests.controller.builders import NAMESPACE
from tests.controller.fake_operator import Operator, run_to_the_end, run_until
from tests.controller.specs import spec_fields
from tests.controller.toy_cluster import World

TWO = {"maxTrials": 2}


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
