"""What a collector could not report is read from the pod's log by the operator."""

import io
import json
from typing import Any

import pytest

from kubetune.collector import reread
from kubetune.controller import pod_logs
from kubetune.controller.judging import REREAD_PATIENCE
from kubetune.controller.outcomes import judge
from kubetune.controller.pod_logs import PodLogs, read_apart
from kubetune.errors import ClusterError, ForbiddenError, UnavailableError
from kubetune.kube.objects import ObjectKey
from kubetune.kube.transport import Query
from kubetune.record.objects import identity_of
from kubetune.record.observations import read_last_words
from tests.controller.builders import NAMESPACE, NOW, make_job, make_pod, make_trial, make_view
from tests.controller.fake_cluster import Call, FakeApi, FakeClient
from tests.controller.fake_operator import Operator, read_here, run_to_the_end, run_until
from tests.controller.pod_states import ended, job_complete
from tests.controller.specs import make_spec, spec_fields
from tests.controller.toy_cluster import World
from tests.controller.toy_kubelet import Script

LOG = b"""2026-01-02T03:00:01.000000000Z loading
2026-01-02T03:00:02.000000000Z epoch=1 accuracy=0.25
2026-01-02T03:00:03.000000000Z epoch=2 accuracy=0.75
"""
COLLECT = {"container": "train", "objective": "accuracy", "metrics": ["accuracy"]}
ONE = spec_fields(limits={"maxTrials": 1, "maxParallelTrials": 1})


def environment(**collect: Any) -> dict[str, str]:
    return {
        "KUBETUNE_TRIAL": "digits-0",
        "KUBETUNE_NAMESPACE": "default",
        "KUBETUNE_POD_NAME": "digits-0-abcde",
        "KUBETUNE_COLLECT": json.dumps({**COLLECT, **collect}),
    }


def unheard(log: bytes = LOG, *, said: str = "") -> World:
    """A world whose only trial prints a log that its collector is kept from."""
    script = Script(values=(), last_words=log.decode(), is_heard=False, said=said)
    world = World(script=lambda _: script)
    world.submit(ONE)
    return world


async def until_its_log_cannot_be_had() -> tuple[World, Operator]:
    """A world whose trial has ended, and whose kubelet has not answered an operator that asked."""
    world = unheard()
    world.api.kubelets_answer = False
    operator = Operator(world)
    await run_until(
        world, [operator], lambda: any(call.subresource == "log" for call in operator.client.calls)
    )
    return world, operator


async def test_a_trial_whose_collector_was_killed_gets_its_value_from_the_log() -> None:
    world = unheard()
    await run_to_the_end(world, Operator(world))
    (trial,) = world.trials
    assert (trial["status"]["state"], trial["status"]["value"]) == ("Succeeded", 0.75)
    assert [(o["step"], o["time"]) for o in trial["status"]["observations"]] == [
        (1, "2026-01-02T03:00:02Z"),
        (2, "2026-01-02T03:00:03Z"),
    ]


async def test_what_the_collector_reported_is_not_replaced_from_a_log_that_begins_later() -> None:
    world = unheard(b"".join(LOG.splitlines(keepends=True)[1:]).replace(b"epoch=", b"batch="))
    operator = Operator(world)
    await run_until(world, [operator], lambda: world.states == {"digits-0": "Running"})
    heard = [{"step": step, "metrics": {"accuracy": 0.5}} for step in range(1, 9)]
    key = ObjectKey(NAMESPACE, "digits-0")
    world.api.patch("trials", key, "status", {"status": {"observations": heard}})
    await run_to_the_end(world, operator)
    (trial,) = world.trials
    assert trial["status"]["observations"] == heard


async def test_a_log_without_the_metric_says_so_with_its_last_lines() -> None:
    world = unheard(b"2026-01-02T03:00:01.000000000Z loss is great\n")
    await run_to_the_end(world, Operator(world))
    (trial,) = world.trials
    assert trial["status"]["reason"] == "MetricNotReported"
    assert trial["status"]["message"].endswith("last lines:\nloss is great")


async def test_a_log_that_cannot_be_had_is_asked_for_again() -> None:
    world, operator = await until_its_log_cannot_be_had()
    assert world.states == {"digits-0": "Running"}
    world.api.kubelets_answer = True
    await run_to_the_end(world, operator)
    assert world.states == {"digits-0": "Succeeded"}


async def test_a_trial_that_waits_for_its_log_does_not_lose_it_when_the_job_is_suspended() -> None:
    world, operator = await until_its_log_cannot_be_had()
    world.edit(suspend=True)
    await run_until(world, [operator], lambda: world.status["phase"] == "Suspended")
    world.api.kubelets_answer = True
    await run_until(world, [operator], lambda: world.states == {"digits-0": "Succeeded"})
    assert world.jobs_made["digits-0"] == 1


async def test_a_log_that_can_never_be_had_does_not_keep_the_job_for_ever() -> None:
    world = unheard()
    world.api.kubelets_answer = False
    operator = Operator(world)
    began = world.api.now
    await run_to_the_end(world, operator, within=600)
    assert world.states == {"digits-0": "MetricsUnavailable"}
    assert world.api.now - began >= REREAD_PATIENCE


async def test_a_log_is_asked_for_as_long_where_nobody_says_when_the_trial_ended() -> None:
    world = unheard()
    world.api.kubelets_answer = False
    operator = Operator(world)
    await run_until(
        world, [operator], lambda: any(call.subresource == "log" for call in operator.client.calls)
    )
    (pod,) = world.api.all("pods")
    key = ObjectKey(NAMESPACE, pod["metadata"]["name"])
    world.api.update("pods", key, status={"containerStatuses": []})
    await run_to_the_end(world, operator, within=600)
    assert world.states == {"digits-0": "MetricsUnavailable"}


async def test_an_operator_that_was_away_for_longer_asks_for_a_log_more_than_once() -> None:
    world = unheard()
    operator = Operator(world)
    await run_until(world, [operator], lambda: world.states == {"digits-0": "Running"})
    for _ in range(int(REREAD_PATIENCE.total_seconds()) + 60):
        world.tick()
    world.api.kubelets_answer = False
    successor = Operator(world)
    await run_until(
        world,
        [successor],
        lambda: any(call.subresource == "log" for call in successor.client.calls),
    )
    world.api.kubelets_answer = True
    await run_to_the_end(world, successor)
    assert world.states == {"digits-0": "Succeeded"}


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(ForbiddenError(403, "pods/log is forbidden"), id="is refused"),
        pytest.param(UnavailableError(502, "no route to host"), id="cannot be had"),
    ],
)
async def test_where_the_log_does_not_help_the_collectors_last_words_count(
    answer: ClusterError,
) -> None:
    def refuse(_number: int, call: Call, when: str) -> None:
        if call.subresource == "log" and when == "before":
            raise answer

    words = {"observations": [{"step": 7, "metrics": {"accuracy": 0.75}}], "whole": False}
    world = unheard(said=json.dumps(words))
    operator = Operator(world)
    operator.client.around = refuse
    await run_to_the_end(world, operator, within=600)
    (trial,) = world.trials
    assert (trial["status"]["state"], trial["status"]["value"]) == ("Succeeded", 0.75)


@pytest.mark.parametrize(
    ("source", "words", "want"),
    [
        pytest.param("Stdout", '{"observations": [], "whole": false}', True, id="cut"),
        pytest.param("Stdout", '{"observations": [], "whole": true}', False, id="whole"),
        pytest.param("Stdout", "", True, id="a collector that was killed"),
        pytest.param("File", '{"observations": [], "whole": false}', False, id="a file is gone"),
    ],
)
def test_the_log_is_read_only_where_the_collector_did_not(
    source: str, words: str, *, want: bool
) -> None:
    sidecar = ended(0, name="kubetune-collector", message=words)
    view = make_view(
        make_trial(0, "Running", job_uid="job-0", attempts=1),
        make_job(0, job_complete()),
        make_pod(0, "Succeeded", ended(0), sidecar),
    )
    assert judge(view, make_spec(source=source), rungs=(), now=NOW).wants_reports is want


class Kubelet(FakeClient):
    """Gives out one log as the kubelet does: from a line on, and up to a number of bytes."""

    def __init__(self, log: bytes) -> None:
        super().__init__(FakeApi())
        self._log = log

    async def request(self, *_: Any, query: Query | None = None, **__: Any) -> bytes:
        asked = dict(query or {})
        lines = self._log.splitlines(keepends=True)
        last = int(asked.get("tailLines") or len(lines))
        return b"".join(lines[-last:])[: int(asked["limitBytes"] or 0)]


async def test_of_a_log_that_is_too_long_the_beginning_and_the_end_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pod_logs, "WHOLE_LOG_BYTES", 2000)
    chatter = b"2026-01-02T03:00:02.500000000Z working\n" * 1000
    first, *rest = LOG.splitlines(keepends=True)[1:]
    logs = PodLogs(Kubelet(first + chatter + b"".join(rest)), read=read_here)
    trial = identity_of(make_trial(0), "digits")
    words = await logs.last_words(make_pod(), make_spec(), trial, ())
    assert [(o.step, o.metrics["accuracy"]) for o in words.observations] == [(1, 0.25), (2, 0.75)]


async def test_a_process_of_its_own_reads_the_log() -> None:
    words = read_last_words((await read_apart(LOG, environment())).decode())
    assert [o.metrics for o in words.observations] == [{"accuracy": 0.25}, {"accuracy": 0.75}]
    assert words.whole


async def test_a_process_that_cannot_read_says_nothing() -> None:
    assert await read_apart(LOG, {"KUBETUNE_COLLECT": "no JSON"}) == b""


def test_more_observations_are_read_than_a_termination_message_holds() -> None:
    log = b"".join(
        b"2026-01-02T03:00:01.000000000Z epoch=%d accuracy=0.5\n" % step for step in range(150)
    )
    out = io.BytesIO()
    assert reread.run(environment(), io.BytesIO(log), out) == 0
    assert len(json.loads(out.getvalue())["observations"]) == 150


def test_the_users_own_patterns_are_used() -> None:
    pattern = {"metric": "accuracy", "regex": r"acc is (?P<value>\S+)"}
    out = io.BytesIO()
    log = io.BytesIO(b"2026-01-02T03:00:01.000000000Z acc is 0.5\n")
    # In the process itself patterns get an alarm, which only a main thread may set.
    assert reread.run(environment(patterns=[pattern]), log, out) == 0
    (found,) = json.loads(out.getvalue())["observations"]
    assert found["metrics"] == {"accuracy": 0.5}
