"""Others may say more than a status holds; a trial goes on all the same."""

from kubetune.kube.objects import ObjectKey
from tests.controller.builders import NAMESPACE
from tests.controller.fake_operator import Operator, run_to_the_end, run_until
from tests.controller.specs import spec_fields
from tests.controller.toy_cluster import World
from tests.controller.toy_kubelet import Script


async def test_a_trial_without_a_metric_ends_though_it_printed_lines_of_any_length() -> None:
    world = World(script=lambda _: Script(values=(), last_words="x" * 100_000 + "\nthe end"))
    world.submit(spec_fields(limits={"maxTrials": 1, "maxParallelTrials": 1}))
    await run_to_the_end(world, Operator(world))
    (trial,) = world.trials
    assert trial["status"]["state"] == "MetricsUnavailable"
    assert "print lines such as accuracy=0.5" in trial["status"]["message"]
    assert trial["status"]["message"].endswith("the end")
    assert world.status["reason"] == "NoTrialSucceeded"


async def test_a_scheduler_with_very_much_to_say_does_not_stop_the_job() -> None:
    world = World()
    world.submit(spec_fields(limits={"maxTrials": 1, "maxParallelTrials": 1}))
    operator = Operator(world)
    await run_until(world, [operator], lambda: bool(world.api.all("pods")))
    pod = ObjectKey(NAMESPACE, world.api.all("pods")[0]["metadata"]["name"])
    told = {"type": "PodScheduled", "status": "False", "message": "a node is full; " * 1000}
    world.api.update("pods", pod, status={"conditions": [told]})
    await operator.work()
    assert world.trials[0]["status"]["message"].startswith("a node is full; ")
    world.api.update("pods", pod, status={"conditions": None})
    await run_to_the_end(world, operator)
