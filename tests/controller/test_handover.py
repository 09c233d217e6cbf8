"""The winning parameters as a ConfigMap, made when the job is Complete."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from kubetune.errors import ForbiddenError
from kubetune.trialjob.identity import owner_reference
from tests.controller.builders import NAMESPACE
from tests.controller.fake_operator import Operator, run_to_the_end
from tests.controller.faults import Fault, death, lost_answer, lost_request, run_with
from tests.controller.specs import HIDDEN, LEARNING_RATE, spec_fields
from tests.controller.toy_cluster import World
from tests.controller.toy_kubelet import Script

SPEC = spec_fields(parameters=[LEARNING_RATE, HIDDEN], bestParametersConfigMap="best")


async def test_a_complete_job_leaves_its_best_parameters_in_a_config_map_that_it_owns() -> None:
    world = World()
    world.submit(SPEC)
    await run_to_the_end(world, Operator(world))
    (made,) = world.api.all("configmaps")
    best = world.status["best"]
    assert made["metadata"]["name"] == "best"
    assert made["metadata"]["ownerReferences"][0]["uid"] == world.job["metadata"]["uid"]
    assert made["metadata"]["annotations"] == {
        "kubetune.dev/trial": best["trial"],
        "kubetune.dev/value": json.dumps(best["value"]),
    }
    assert json.loads(made["data"]["parameters.json"]) == best["parameters"]
    for name, value in best["parameters"].items():
        assert json.loads(made["data"][name]) == value


async def test_another_run_leaves_a_config_map_of_its_own() -> None:
    world = World()
    world.submit(SPEC)
    operator = Operator(world)
    await run_to_the_end(world, operator)
    world.edit(runId="two")
    await run_to_the_end(world, operator)
    found = {made["metadata"]["name"] for made in world.api.all("configmaps")}
    assert found == {"best", "best-two"}


async def test_a_job_that_failed_or_asks_for_none_leaves_no_config_map() -> None:
    for spec, script in (
        (SPEC, lambda _: Script(values=(), exit_code=1)),
        (spec_fields(), lambda _: Script()),
    ):
        world = World(script=script)
        world.submit(spec)
        await run_to_the_end(world, Operator(world))
        assert world.api.all("configmaps") == []


async def test_somebodys_config_map_of_that_name_is_left_as_it_is_and_the_job_says_so() -> None:
    world = World()
    theirs = {"metadata": {"name": "best"}, "data": {"theirs": "yes"}}
    world.api.create("configmaps", NAMESPACE, theirs)
    world.submit(SPEC)
    operator = Operator(world)
    await run_to_the_end(world, operator)
    (kept,) = world.api.all("configmaps")
    assert kept["data"] == {"theirs": "yes"}
    (note,) = [n for _, reason, n in operator.notes.told if reason == "BestParametersNotWritten"]
    assert "best: a ConfigMap of that name exists already" in note
    assert world.status["phase"] == "Complete"


@pytest.mark.parametrize("fault", [lost_request, lost_answer, death])
async def test_whatever_happens_at_a_call_near_the_end_the_config_map_is_made_and_is_the_jobs(
    fault: Callable[[int], Fault],
) -> None:
    quiet = World()
    quiet.submit(SPEC)
    first = Operator(quiet)
    await run_to_the_end(quiet, first)
    calls = first.client.calls
    made_at = next(n for n, call in enumerate(calls) if call.plural == "configmaps")
    for number in range(made_at - 1, len(calls)):
        world = World()
        world.submit(SPEC)
        operators = await run_with(world, fault(number))
        (made,) = world.api.all("configmaps")
        assert made["metadata"]["ownerReferences"][0]["uid"] == world.job["metadata"]["uid"]
        assert json.loads(made["data"]["parameters.json"]) == world.status["best"]["parameters"]
        told = {reason for each in operators for _, reason, _ in each.notes.told}
        assert "BestParametersNotWritten" not in told, f"fault at call {number}"


async def test_a_config_map_of_an_earlier_job_of_that_name_is_somebody_elses() -> None:
    world = World()
    owner = owner_reference("TuningJob", "digits", "another-uid")
    theirs = {"metadata": {"name": "best", "ownerReferences": [owner]}, "data": {}}
    world.api.create("configmaps", NAMESPACE, theirs)
    world.submit(SPEC)
    operator = Operator(world)
    await run_to_the_end(world, operator)
    assert "BestParametersNotWritten" in {reason for _, reason, _ in operator.notes.told}


async def test_a_refused_config_map_does_not_hold_the_end_up() -> None:
    world = World()

    def admission(plural: str, _body: Mapping[str, Any]) -> None:
        if plural == "configmaps":
            raise ForbiddenError(403, "exceeded quota: objects")

    world.api.admission = admission
    world.submit(SPEC)
    operator = Operator(world)
    await run_to_the_end(world, operator)
    assert world.status["phase"] == "Complete"
    assert any("exceeded quota" in note for _, _, note in operator.notes.told)
