"""Of an Indexed Job the pod of completion index 0 stands for the trial."""

from typing import Any

import pytest

from kubetune.api.names import ANNOTATION_COMPLETION_MODE
from kubetune.api.trial import TrialState
from kubetune.controller.outcomes import judge
from kubetune.controller.snapshot import TrialView
from kubetune.kube.objects import Condition, Pod, TrialStatus
from kubetune.preflight import objections
from tests.controller.builders import NOW, ago, make_job, make_pod, make_trial, make_view
from tests.controller.fake_operator import Operator, run_until
from tests.controller.pod_states import ended, job_complete, job_failed, running, waiting
from tests.controller.specs import make_spec, spec_fields, template
from tests.controller.toy_cluster import World

SPEC = make_spec(job_template=template(completionMode="Indexed", completions=2, parallelism=2))


def view_of(*pods: Pod, conditions: tuple[Condition, ...] = ()) -> TrialView:
    trial = make_trial(state=TrialState.RUNNING, started=ago(30))
    return make_view(trial, make_job(0, *conditions, completions=2), *pods)


def judged(view: TrialView) -> TrialStatus:
    return judge(view, SPEC, rungs=(), now=NOW).status


def test_the_pod_of_index_0_stands_for_the_trial_whichever_is_newer() -> None:
    first = make_pod(0, "Running", running(), suffix="0-aaaaa", completion_index=0, created=ago(9))
    second = make_pod(0, "Pending", suffix="1-bbbbb", completion_index=1, created=ago(3))
    assert view_of(first, second).pod == first
    assert view_of(second).pod is None


def test_a_trial_runs_as_long_as_its_job_though_the_pod_of_index_0_is_done() -> None:
    first = make_pod(0, "Succeeded", ended(), suffix="0-aaaaa", completion_index=0)
    second = make_pod(0, "Running", running(), suffix="1-bbbbb", completion_index=1)
    assert judged(view_of(first, second)).state == "Running"
    complete = view_of(first, second, conditions=(job_complete(),))
    assert judged(complete).state == "MetricsUnavailable"


def test_the_pod_that_failed_first_is_the_cause_and_named() -> None:
    first = make_pod(
        0, "Failed", ended(143, at=ago(1)), suffix="0-aaaaa", completion_index=0, created=ago(9)
    )
    second = make_pod(
        *(0, "Failed", ended(3, at=ago(5), message="no route to index 0")),
        suffix="1-bbbbb",
        completion_index=1,
    )
    status = judged(view_of(first, second, conditions=(job_failed(),)))
    assert (status.state, status.reason) == ("Failed", "ContainerFailed")
    assert "train of pod digits-0-1-bbbbb" in status.message
    assert "exit code 3" in status.message
    assert "no route to index 0" in status.message


@pytest.mark.parametrize("state", ["Stopped", "EarlyStopped"])
def test_a_stopped_trial_whose_pod_of_index_0_is_done_leaves_a_job_while_another_runs(
    state: str,
) -> None:
    first = make_pod(0, "Succeeded", ended(), suffix="0-aaaaa", completion_index=0)
    second = make_pod(0, "Running", running(), suffix="1-bbbbb", completion_index=1)
    both_done = make_pod(0, "Succeeded", ended(), suffix="1-bbbbb", completion_index=1)
    job, stopped = make_job(0, completions=2), make_trial(0, state)
    assert make_view(stopped, job, first, second).has_leftover_job
    assert not make_view(stopped, job, first, both_done).has_leftover_job


def test_a_pod_of_another_index_that_waits_does_not_hide_that_index_0_waits() -> None:
    first = make_pod(0, "Pending", waiting("ErrImagePull"), suffix="0-a", completion_index=0)
    second = make_pod(0, "Running", running(), suffix="1-b", completion_index=1)
    trial = make_trial(state=TrialState.PENDING)
    view = make_view(trial, make_job(0, completions=2), first, second)
    assert judged(view).reason == "ImagePullFailed"


@pytest.mark.parametrize(
    ("job", "want"),
    [
        pytest.param({"completions": 2}, "completions is 2", id="several completions"),
        pytest.param({"parallelism": 3}, "parallelism is 3", id="a work queue"),
        pytest.param({"completions": "$(params.lr)"}, "completions is $(", id="a placeholder"),
        pytest.param({"completions": 1, "parallelism": 1}, None, id="one pod"),
        pytest.param({"completions": 4, "completionMode": "Indexed"}, None, id="Indexed"),
    ],
)
def test_several_pods_that_cannot_be_told_apart_are_refused(
    job: dict[str, Any], want: str | None
) -> None:
    spec = make_spec(job_template=template(**job))
    found = [(o.reason, o.message) for o in objections(spec)]
    if want is None:
        assert found == []
    else:
        ((reason, message),) = found
        assert reason == "PodsNotIndexed"
        assert want in message
        assert "set spec.trial.template.spec.completionMode to Indexed" in message


@pytest.mark.parametrize(
    ("mode", "want"),
    [("Indexed", {ANNOTATION_COMPLETION_MODE: "Indexed"}), ("NonIndexed", {})],
)
async def test_a_trial_says_that_its_job_is_indexed_for_the_policy_to_read(
    mode: str, want: dict[str, str]
) -> None:
    world = World()
    world.submit(spec_fields(job_template=template(completionMode=mode, completions=1)))
    await run_until(world, [Operator(world)], lambda: bool(world.trials))
    assert world.trials[0]["metadata"].get("annotations", {}) == want
