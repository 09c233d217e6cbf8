"""GPU-hours: counted in every way to end an attempt, kept in the Trials, and a limit that ends."""

from collections.abc import Mapping
from typing import Any

import pytest

from kubetune.kube.objects import ObjectKey
from tests.controller.builders import NAMESPACE
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

TRAINER = {
    "name": "train",
    "args": ["--all=$(KUBETUNE_PARAMETERS)"],
    "resources": {"limits": {"nvidia.com/gpu": 2}},
}
ENDLESS = Script(values=(0.5,), ends=False)
LONG = Script(values=(0.1, 0.2, 0.3, 0.4, 0.5))


def gpu_world(script: Script, *, limits: Mapping[str, Any] | None = None, **fields: Any) -> World:
    world = World(script=lambda _: script)
    spec = spec_fields(limits=limits, job_template=template(containers=[TRAINER]), **fields)
    world.submit(spec)
    return world


def gpu_seconds(world: World) -> list[float]:
    return [trial["status"].get("gpuSeconds", 0) for trial in world.trials]


async def test_every_trial_records_its_time_times_its_gpus() -> None:
    world = gpu_world(LONG)
    operator = Operator(world)
    await run_to_the_end(world, operator)
    assert all(2 * 5 <= seconds <= 2 * 7 for seconds in gpu_seconds(world))
    assert world.status["gpuHours"] == {
        "used": pytest.approx(sum(gpu_seconds(world)) / 3600, abs=1e-4),
        "saved": 0,
    }


async def test_a_job_without_a_gpu_says_nothing_of_gpu_hours() -> None:
    world = World(script=lambda _: LONG)
    world.submit(spec_fields())
    await run_to_the_end(world, Operator(world))
    assert "gpuHours" not in world.status
    assert all("gpuSeconds" not in trial["status"] for trial in world.trials)


async def test_a_job_that_used_its_gpu_hours_ends_without_any_other_event() -> None:
    # Two trials with two GPUs each use 60 s of it in 15 s.
    world = gpu_world(ENDLESS, limits={"maxGpuHours": 60 / 3600})
    operator = Operator(world)
    await run_to_the_end(world, operator)
    assert world.status["reason"] == "MaxGpuHoursReached"
    assert 15 <= world.api.now.second <= 20
    assert 60 <= sum(gpu_seconds(world)) <= 80
    evidence = world.status["evidence"]
    assert (evidence["rule"], evidence["measure"]) == ("gpu-hours/v1", "gpuHours")
    assert evidence["value"] >= evidence["threshold"] == 60 / 3600
    (note,) = [note for _, reason, note in operator.notes.told if reason == "MaxGpuHoursReached"][
        -1:
    ]
    assert note.endswith("(rule gpu-hours/v1)")


async def test_an_attempt_that_was_disrupted_counts_and_is_remembered() -> None:
    world = gpu_world(LONG)
    operator = Operator(world)
    await until_running(world, operator)
    await let_pass(world, operator, seconds=3)
    world.disrupt("digits-0")
    await run_to_the_end(world, operator)
    first, second = gpu_seconds(world)[:2]
    assert first >= second + 2 * 3
    (attempt,) = world.trials[0]["status"]["earlierAttempts"]
    assert attempt["reason"] == "Disrupted"
    assert attempt["endTime"] > attempt["startTime"]
    assert "earlierAttempts" not in world.trials[1]["status"]


async def test_an_attempt_that_a_suspension_cut_short_counts_and_waiting_does_not() -> None:
    world = gpu_world(LONG)
    operator = Operator(world)
    await until_running(world, operator)
    await let_pass(world, operator, seconds=2)
    world.edit(suspend=True)
    await run_until(world, [operator], lambda: not world.live_pods)
    spent = gpu_seconds(world)
    assert all(2 * 2 <= seconds <= 2 * 5 for seconds in spent)
    await let_pass(world, operator, seconds=30)
    assert gpu_seconds(world) == spent
    world.edit(suspend=False)
    await run_to_the_end(world, operator)
    assert all(
        seconds >= before + 2 * 5
        for before, seconds in zip(spent, gpu_seconds(world)[:2], strict=True)
    )
    assert world.trials[0]["status"]["earlierAttempts"][0]["reason"] == "Suspended"


async def test_neither_a_restart_nor_a_job_that_is_gone_loses_what_was_used() -> None:
    world = gpu_world(LONG, limits={"maxTrials": 4, "maxGpuHours": 1000})
    operator = Operator(world)
    await run_until(world, [operator], lambda: "Succeeded" in world.states.values())
    done = [name for name, state in world.states.items() if state == "Succeeded"]
    for name in done:
        world.api.remove("jobs", ObjectKey(NAMESPACE, name))
    await run_to_the_end(world, Operator(world))
    assert len(gpu_seconds(world)) == 4
    assert all(seconds >= 2 * 5 for seconds in gpu_seconds(world))
    assert world.status["gpuHours"]["used"] == pytest.approx(
        sum(gpu_seconds(world)) / 3600, abs=1e-4
    )


async def test_a_limit_of_gpu_hours_without_a_gpu_is_refused_with_the_remedy() -> None:
    world = World()
    world.submit(spec_fields(limits={"maxGpuHours": 2.5}))
    operator = Operator(world)
    await run_until(world, [operator], lambda: world.condition("Accepted") == "False")
    assert world.status["reason"] == "NoGpuToCount"
    assert "spec.limits.maxGpuHours is 2.5 but no container" in world.status["message"]
    assert "or use spec.limits.maxRuntime" in world.status["message"]
    assert world.trials == []
