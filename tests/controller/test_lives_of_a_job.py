"""What a user may do to a TuningJob while it runs, by the state of the cluster afterwards."""

from collections.abc import Mapping
from typing import Any

import pytest

from kubetune.kube.objects import ObjectKey
from tests.controller.builders import NAMESPACE, spec_fields
from tests.controller.fake_operator import Operator, run_to_the_end, run_until
from tests.controller.toy_cluster import KEY, Script, World

ENDLESS = Script(values=(0.5,), ends=False)


def endless_world(*, limits: Mapping[str, Any] | None = None) -> World:
    """A world in which no trial ends by itself."""
    world = World(script=lambda _: ENDLESS)
    world.submit(spec_fields(limits=limits))
    return world


async def until_running(world: World, operator: Operator, number: int = 2) -> None:
    await run_until(
        world, [operator], lambda: list(world.states.values()).count("Running") >= number
    )


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


async def test_suspend_takes_the_pods_away_and_resume_runs_the_same_points_again() -> None:
    world = World(script=lambda index: Script(values=(0.1, 0.2, 0.3, 0.4, 0.5 + index / 10)))
    world.submit(spec_fields())
    operator = Operator(world)
    await until_running(world, operator)
    points = [trial["spec"]["parameters"] for trial in world.trials]
    world.edit(suspend=True)
    await run_until(world, [operator], lambda: not world.live_pods)
    assert world.status["phase"] == "Suspended"
    assert world.condition("Suspended") == "True"
    assert world.states == {"digits-0": "Pending", "digits-1": "Pending"}
    assert world.api.all("jobs") == []

    world.edit(suspend=False)
    await run_to_the_end(world, operator)
    assert [trial["spec"]["parameters"] for trial in world.trials][:2] == points
    assert set(world.states.values()) == {"Succeeded"}
    assert world.jobs_made == {"digits-0": 2, "digits-1": 2, "digits-2": 1, "digits-3": 1}
    assert world.most_live_pods["digits-0"] == 1
    assert [trial["status"]["step"] for trial in world.trials] == [5, 5, 5, 5]


async def test_a_job_may_be_born_suspended_and_starts_nothing() -> None:
    world = World()
    world.submit(spec_fields(suspend=True))
    operator = Operator(world)
    await run_until(world, [operator], lambda: world.condition("Suspended") == "True")
    assert world.trials == []
    world.edit(suspend=False)
    await run_to_the_end(world, operator)
    assert world.status["phase"] == "Complete"


async def test_suspend_that_is_taken_back_at_once_does_no_harm() -> None:
    world = World(script=lambda _: Script(values=(0.1, 0.2, 0.3)))
    world.submit(spec_fields())
    operator = Operator(world)
    await until_running(world, operator)
    for _ in range(3):
        world.edit(suspend=True)
        await operator.work()
        world.edit(suspend=False)
        await operator.work()
    await run_to_the_end(world, operator)
    assert set(world.states.values()) == {"Succeeded"}
    assert all(number == 1 for name, number in world.most_live_pods.items() if name != "*")
    assert world.most_live_pods["*"] <= 2


async def test_finished_trials_keep_their_results_when_the_job_is_suspended() -> None:
    world = World(script=lambda index: Script(values=(0.7,), ends=index == 0))
    world.submit(spec_fields())
    operator = Operator(world)
    await run_until(world, [operator], lambda: world.states.get("digits-0") == "Succeeded")
    world.edit(suspend=True)
    await run_until(world, [operator], lambda: not world.live_pods)
    assert world.trials[0]["status"]["value"] == 0.7
    assert world.status["best"]["trial"] == "digits-0"


async def test_a_users_stop_ends_the_job_for_good_with_the_best_so_far() -> None:
    world = World(script=lambda index: Script(values=(0.5,), ends=index == 0))
    world.submit(spec_fields())
    operator = Operator(world)
    await run_until(world, [operator], lambda: world.states.get("digits-0") == "Succeeded")
    await until_running(world, operator)
    world.edit(stop=True)
    await run_to_the_end(world, operator)
    assert (world.status["phase"], world.status["reason"]) == ("Complete", "StoppedByUser")
    assert world.states == {"digits-0": "Succeeded", "digits-1": "Stopped", "digits-2": "Stopped"}
    assert world.trials[1]["status"]["reason"] == "StoppedByUser"
    assert world.status["best"]["trial"] == "digits-0"


@pytest.mark.parametrize("operator_lives", [True, False])
async def test_a_deleted_job_takes_everything_with_it(operator_lives: bool) -> None:  # noqa: FBT001  a parameter of the test
    world = endless_world()
    operator = Operator(world)
    await until_running(world, operator)
    world.delete()
    operators = [operator] if operator_lives else []
    await run_until(
        world,
        operators,
        lambda: not any(world.api.all(kind) for kind in ("trials", "jobs", "pods")),
    )
    calls = len(operator.client.calls)
    world.tick()
    await operator.work()
    assert len(operator.client.calls) == calls


async def test_a_job_that_is_deleted_while_the_operator_looks_leaves_nothing_behind() -> None:
    for number in range(100):
        world = endless_world()
        operator = Operator(world)

        def delete_meanwhile(
            call: int, _what: object, when: str, number: int = number, world: World = world
        ) -> None:
            if (call, when) == (number, "before") and world.api.all("tuningjobs"):
                world.delete()

        operator.client.around = delete_meanwhile
        for _ in range(8):
            world.tick()
            await operator.work()
        if world.api.all("tuningjobs"):
            assert number > 8
            return
        left = {kind: len(world.api.all(kind)) for kind in ("trials", "jobs", "pods")}
        assert left == {"trials": 0, "jobs": 0, "pods": 0}, f"deleted at call {number}"


async def test_a_job_that_is_deleted_and_made_anew_under_its_name_runs_from_the_start() -> None:
    world = endless_world()
    operator = Operator(world)
    await until_running(world, operator)
    old = {trial["metadata"]["uid"] for trial in world.trials}
    world.delete()
    world.script = lambda _: Script(values=(0.5,))
    world.submit(spec_fields())
    await run_to_the_end(world, operator)
    assert len(world.trials) == 4
    assert old.isdisjoint(trial["metadata"]["uid"] for trial in world.trials)
    assert world.most_live_pods["*"] <= 4, "two of the old job, two of the new one"


async def test_a_new_run_id_begins_a_new_run_and_the_old_results_stay() -> None:
    world = World()
    world.submit(spec_fields(limits={"maxTrials": 2}))
    operator = Operator(world)
    await run_to_the_end(world, operator)
    first = world.status
    world.edit(runId="second", limits={"maxTrials": 3, "maxParallelTrials": 2})
    await run_until(world, [operator], lambda: world.status.get("runId") == "second")
    assert world.condition("Finished") == "False"
    await run_to_the_end(world, operator)
    assert world.status["progress"] == "3/3"
    (before,) = world.status["previousRuns"]
    assert before["best"] == first["best"]
    assert before["reason"] == first["reason"]
    assert len(world.trials) == 5
    assert {name for name in world.states if "second" not in name} == {"digits-0", "digits-1"}


async def test_a_new_run_waits_until_the_pods_of_the_old_one_are_gone() -> None:
    world = endless_world()
    operator = Operator(world)
    await until_running(world, operator)
    world.edit(runId="second")
    await run_until(world, [operator], lambda: "digits-second-1" in world.live_pods)
    assert world.most_live_pods["*"] <= 2
    assert world.states["digits-0"] == world.states["digits-1"] == "Stopped"
    assert world.trials[0]["status"]["reason"] == "NewRun"


async def test_more_trials_may_be_asked_for_while_a_job_runs() -> None:
    world = World(script=lambda _: Script(values=(0.1, 0.2, 0.3)))
    world.submit(spec_fields(limits={"maxTrials": 2}))
    operator = Operator(world)
    await until_running(world, operator)
    world.edit(limits={"maxTrials": 5, "maxParallelTrials": 3})
    await run_to_the_end(world, operator)
    assert len(world.trials) == 5
    assert world.most_live_pods["*"] == 3
    assert world.status["observedGeneration"] == 2


async def test_fewer_trials_may_be_asked_for_and_those_that_run_are_not_cut_short() -> None:
    world = World(script=lambda _: Script(values=(0.1, 0.2, 0.3)))
    world.submit(spec_fields(limits={"maxTrials": 10}))
    operator = Operator(world)
    await until_running(world, operator)
    world.edit(limits={"maxTrials": 2, "maxParallelTrials": 1})
    await run_to_the_end(world, operator)
    assert world.states == {"digits-0": "Succeeded", "digits-1": "Succeeded"}


async def test_an_edit_after_the_end_is_followed_and_nothing_else_happens() -> None:
    world = World()
    world.submit(spec_fields())
    operator = Operator(world)
    await run_to_the_end(world, operator)
    before = world.status
    world.edit(limits={"maxTrials": 50})
    await run_until(world, [operator], lambda: world.status["observedGeneration"] == 2)
    assert len(world.trials) == 4
    assert world.status["completionTime"] == before["completionTime"]
    assert {c["observedGeneration"] for c in world.status["conditions"]} == {2}


async def test_a_finished_job_is_left_alone_by_an_operator_that_starts() -> None:
    world = World()
    world.submit(spec_fields())
    await run_to_the_end(world, Operator(world))
    fresh = Operator(world)
    for _ in range(70):
        world.tick()
        await fresh.work()
    assert fresh.client.calls == []


async def test_a_finished_job_stays_as_it_is_when_its_jobs_are_deleted_by_their_ttl() -> None:
    world = World()
    world.submit(spec_fields())
    operator = Operator(world)
    await run_to_the_end(world, operator)
    states, status = world.states, world.status
    for name in states:
        world.delete_job_of(name)
    for _ in range(5):
        world.tick()
        await operator.work()
    assert (world.states, world.status) == (states, status)


async def test_a_job_that_somebody_deleted_fails_its_trial_and_another_takes_its_place() -> None:
    world = endless_world()
    operator = Operator(world)
    await until_running(world, operator)
    world.delete_job_of("digits-0")
    await run_until(world, [operator], lambda: world.states.get("digits-2") == "Running")
    assert world.trials[0]["status"]["reason"] == "JobDeleted"
    assert world.most_live_pods["*"] <= 2


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


@pytest.mark.parametrize("deleted", ["digits-0", "digits-1"])
async def test_a_trial_that_somebody_deleted_is_replaced(deleted: str) -> None:
    world = endless_world(limits={"maxTrials": 2})
    operator = Operator(world)
    await until_running(world, operator)
    world.api.remove("trials", ObjectKey(NAMESPACE, deleted))
    world.script = lambda _: Script(values=(0.5,))
    await run_to_the_end(world, operator)
    assert list(world.states.values()) == ["Succeeded", "Succeeded"]
    assert world.most_live_pods["*"] <= 3, "the deleted one's pod has its grace period"


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
