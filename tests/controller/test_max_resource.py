"""A job that leaves maxResource to its template, by the state of the cluster."""

from typing import Any

import pytest

from tests.controller.fake_operator import Operator, run_to_the_end, run_until
from tests.controller.specs import spec_fields, template
from tests.controller.toy_cluster import World
from tests.controller.toy_kubelet import Script

STOPPING = ["--epochs=4"]
PAUSING = ["--epochs=$(trial.resource)", "--max-epochs", "4"]


def fields(mode: str, args: list[str]) -> dict[str, Any]:
    pauses = mode != "Stopping"
    container = {
        "name": "train",
        "image": "trainer:1",
        "args": ["--all=$(KUBETUNE_PARAMETERS)", *args],
    }
    return spec_fields(
        "Hyperband",
        hyperband={"mode": mode, "restartPromoted": pauses, "reductionFactor": 2},
        job_template=template(containers=[container]),
    )


@pytest.mark.parametrize(
    ("mode", "args", "found"),
    [
        ("Stopping", STOPPING, "--epochs=4 in .args[1]"),
        ("Promotion", PAUSING, "--max-epochs 4 in .args[2]"),
        ("Synchronous", PAUSING, "--max-epochs 4 in .args[2]"),
    ],
    ids=["Stopping", "Promotion", "Synchronous"],
)
async def test_what_the_template_says_is_planned_and_trained(
    mode: str, args: list[str], found: str
) -> None:
    world = World(script=lambda _: Script(values=(0.5, 0.6, 0.7, 0.8)))
    world.submit(fields(mode, args))
    await run_to_the_end(world, Operator(world))
    plan = world.status["plan"]
    path = "spec.trial.template.spec.template.spec.containers[0]"
    assert plan["maxResource"] == {"steps": 4, "foundIn": found.replace(" in .", f" in {path}.")}
    assert [rung["step"] for rung in plan["rungs"]] == [1, 2, 4]
    assert world.status["best"]["resource"] == 4


async def test_a_template_that_does_not_say_it_is_refused_before_any_trial() -> None:
    world = World()
    world.submit(fields("Stopping", ["--epochs=many"]))
    await run_until(world, [Operator(world)], lambda: world.condition("Accepted") == "False")
    assert world.status["reason"] == "MaxResourceUnknown"
    assert "maxResource is missing, and --epochs=many in" in world.status["message"]
    assert world.trials == []
