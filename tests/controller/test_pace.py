"""Other words about the same wait are written twice a minute at most; all else at once."""

from datetime import timedelta

from kubetune.api.trial import TrialState
from kubetune.controller.pace import NEWS_INTERVAL, Pace
from kubetune.kube.objects import ObjectKey
from kubetune.record.verdict import changed
from tests.controller.builders import NAMESPACE, NOW, later, make_trial
from tests.controller.fake_operator import Operator, run_until
from tests.controller.specs import spec_fields
from tests.controller.toy_cluster import World

OLD = changed(
    make_trial(state=TrialState.PENDING).status, reason="Unschedulable", message="0/1 nodes"
)
NEW = changed(OLD, message="0/2 nodes")


def test_words_alone_wait_for_their_turn() -> None:
    pace = Pace()
    assert pace.time_left("a", OLD, NEW, NOW) is None
    assert pace.time_left("a", NEW, OLD, later(10)) == timedelta(seconds=20)
    assert pace.time_left("b", OLD, NEW, later(10)) is None
    assert pace.time_left("a", NEW, OLD, NOW + NEWS_INTERVAL) is None


def test_news_is_written_at_once_and_nothing_new_takes_no_turn() -> None:
    pace = Pace()
    assert pace.time_left("a", OLD, OLD, NOW) is None
    assert pace.time_left("a", OLD, NEW, NOW) is None
    assert pace.time_left("a", OLD, changed(NEW, reason="ImagePullFailed"), NOW) is None
    assert pace.time_left("a", OLD, changed(NEW, state="Running"), NOW) is None
    running = changed(OLD, state="Running")
    assert pace.time_left("a", running, changed(running, message="x"), NOW) is None


async def test_a_scheduler_that_talks_every_second_is_quoted_twice_a_minute() -> None:
    world = World()
    world.submit(spec_fields(limits={"maxTrials": 1, "maxParallelTrials": 1}))
    operator = Operator(world)
    await run_until(world, [operator], lambda: bool(world.live_pods))
    (pod,) = world.api.all("pods")
    key = ObjectKey(NAMESPACE, pod["metadata"]["name"])
    before = len(operator.client.calls)
    told = set()
    for second in range(60):
        nodes = {"message": f"0/{second + 1} nodes are available", "reason": "Unschedulable"}
        scheduled = {"type": "PodScheduled", "status": "False", **nodes}
        world.api.update("pods", key, status={"phase": "Pending", "conditions": [scheduled]})
        world.api.now += timedelta(seconds=1)
        await operator.work()
        told.add(world.trials[0]["status"].get("message"))
    writes = [str(call) for call in operator.client.calls[before:] if "trials" in str(call)]
    assert 2 <= len(writes) <= 4, writes
    assert len(told) <= len(writes) + 1
