"""The claim for checkpoints is made once, and nobody else's is used."""

from typing import Any

import pytest

from kubetune.trialjob.identity import owner_reference
from tests.controller.builders import NAMESPACE
from tests.controller.fake_operator import Operator, run_to_the_end, run_until
from tests.controller.promoting import fields, make_world
from tests.controller.toy_cluster import World


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
