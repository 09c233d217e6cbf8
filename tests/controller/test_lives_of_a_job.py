"""How a TuningJob lives and ends when nobody changes it, by the state of the cluster."""

import pytest

from kubetune.kube.objects import ObjectKey
from tests.controller.builders import NAMESPACE
from tests.controller.endless import endless_world
from tests.controller.fake_operator import (
    Operator,
    let_pass,
    run_to_the_end,
    run_until,
    until_running,
)
from tests.controller.specs import spec_fields
from tests.controller.toy_cluster import KEY, World
from tests.controller.toy_kubelet import Script


async def test_a_job_is_accepted_runs_and_completes() -> None:
    world = World()
    world.submit(spec_fields())
    operator = Operator(world)
    await run_until(world, [operator], lambda: world.status.get("phase") == "Running")
    assert world.condition("Accepted") == "True"
    await run_to_the_end(world, operator)
    assert world.status["phase"] == "Complete"
    assert world.status["progress"] == "4/4"
    assert world.status["observedGeneration"] == 1


async def test_a_finished_job_is_left_alone_by_an_operator_that_starts() -> None:
    world = World()
    world.submit(spec_fields())
    await run_to_the_end(world, Operator(world))
    fresh = Operator(world)
    await let_pass(world, fresh, seconds=70)
    assert fresh.client.calls == []


async def test_a_finished_job_stays_as_it_is_when_its_jobs_are_deleted_by_their_ttl() -> None:
    world = World()
    world.submit(spec_fields())
    operator = Operator(world)
    await run_to_the_end(world, operator)
    states, status = world.states, world.status
    for name in states:
        world.delete_job_of(name)
    await let_pass(world, operator, seconds=5)
    assert (world.states, world.status) == (states, status)


@pytest.mark.parametrize("operator_sees_it", [True, False])
async def test_a_disrupted_trial_runs_again_in_the_same_job_and_nothing_counts_as_failed(
    operator_sees_it: bool,  # noqa: FBT001  a parameter of the test
) -> None:
    world = World(script=lambda _: Script(values=(0.1, 0.2, 0.3)))
    world.submit(spec_fields())
    operator = Operator(world)
    await until_running(world, operator)
    world.disrupt("digits-0")
    if operator_sees_it:
        await operator.work()
        assert world.trials[0]["status"]["reason"] == "Disrupted"
    else:
        for _ in range(2):
            world.tick()
    await run_to_the_end(world, operator)
    assert set(world.states.values()) == {"Succeeded"}
    assert world.trials[0]["status"]["attempts"] == 2
    assert world.jobs_made["digits-0"] == 1
    assert world.status["trials"]["failed"] == 0


async def test_a_job_whose_first_trials_all_fail_fails_fast_with_their_last_words() -> None:
    world = World(script=lambda _: Script(values=(), exit_code=1, last_words="no module torch"))
    world.submit(spec_fields(limits={"maxTrials": 50, "maxInitialFailures": 3}))
    operator = Operator(world)
    await run_to_the_end(world, operator)
    assert (world.status["phase"], world.status["reason"]) == ("Failed", "FirstTrialsFailed")
    assert world.condition("Stalled") == "True"
    assert 3 <= len(world.trials) <= 4
    assert "no module torch" in world.trials[0]["status"]["message"]


async def test_trials_that_run_when_the_job_ends_are_stopped_and_keep_what_they_reported() -> None:
    world = World(script=lambda index: Script(values=(0.95,), ends=index == 0))
    world.submit(spec_fields(completion={"target": 0.9}))
    operator = Operator(world)
    await run_to_the_end(world, operator)
    assert world.status["reason"] == "TargetReached"
    assert world.states["digits-1"] == "Stopped"
    assert world.trials[1]["status"]["value"] == 0.95
    assert world.live_pods == []


async def test_a_job_that_ran_out_of_time_ends_without_any_other_event() -> None:
    world = endless_world(limits={"maxRuntime": "60s"})
    operator = Operator(world)
    await run_to_the_end(world, operator)
    assert world.status["reason"] == "MaxRuntimeReached"
    assert 60 <= (world.api.now.minute * 60 + world.api.now.second) <= 65


async def test_the_events_tell_the_whole_story() -> None:
    world = World(script=lambda _: Script(values=(0.5,)))
    world.submit(spec_fields(limits={"maxTrials": 1, "maxParallelTrials": 1}))
    operator = Operator(world)
    await run_to_the_end(world, operator)
    assert [(kind, reason) for kind, reason, _ in operator.notes.told] == [
        ("TuningJob", "Accepted"),
        ("Trial", "Launched"),
        ("Trial", "Training"),
        ("Trial", "Completed"),
        ("TuningJob", "MaxTrialsReached"),
    ]


async def test_two_tuning_jobs_in_a_namespace_do_not_see_each_others_trials() -> None:
    world = World()
    world.submit(spec_fields())
    world.api.create("tuningjobs", NAMESPACE, {**world.job, "metadata": {"name": "other"}})
    operator = Operator(world)
    other = ObjectKey(NAMESPACE, "other")
    await run_until(
        world,
        [operator],
        lambda: all(
            world.api.find("tuningjobs", key)["status"].get("phase") == "Complete"
            for key in (KEY, other)
        ),
    )
    assert len([name for name in world.states if name.startswith("other-")]) == 4
    assert len(world.states) == 8
