"""A user suspends a TuningJob, resumes it, or stops it for good."""

from tests.controller.fake_operator import Operator, run_to_the_end, run_until, until_running
from tests.controller.specs import spec_fields
from tests.controller.toy_cluster import World
from tests.controller.toy_kubelet import Script


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
