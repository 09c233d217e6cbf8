from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.gpus import (
    gpu_counter,
    gpu_hours_saved,
    gpu_hours_used,
    most_gpus,
    until_spent,
)
from tests.core.builders import START, make_spec, make_trial

RUNNING, PENDING = TrialState.RUNNING, TrialState.PENDING
SUCCEEDED, EARLY = TrialState.SUCCEEDED, TrialState.EARLY_STOPPED
NVIDIA, AMD = "nvidia.com/gpu", "amd.com/gpu"
DEVICES = [{"name": "devices", "type": "Integer", "min": 1, "max": 4}]
KINDS = [{"name": "devices", "type": "Categorical", "values": ["1", "8", "2"]}]


def container(**limits: Any) -> dict[str, Any]:
    names = {"nvidia": NVIDIA, "amd": AMD}
    asked = {names.get(name, name): value for name, value in limits.items()}
    return {"name": "c", "resources": {"limits": asked}}


def job(*containers: dict[str, Any], pod: Any = None, **fields: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": [*containers], **(pod or {})}}, **fields}}


def with_gpus(template: dict[str, Any] | None = None, **fields: Any) -> TuningJobSpec:
    return make_spec(trial={"template": template or job(container(nvidia=2))}, **fields)


ONE = container(nvidia=1)


@pytest.mark.parametrize(
    ("template", "want"),
    [
        pytest.param(job({"name": "c"}), 0, id="none"),
        pytest.param(job(container(cpu=4, memory="1Gi")), 0, id="other resources"),
        pytest.param(job(container(**{"nvidia.com/mig-1g.5gb": 1})), 0, id="a slice of one"),
        pytest.param(job(ONE), 1, id="one"),
        pytest.param(job(container(nvidia="2")), 2, id="a quantity as text"),
        pytest.param(job(container(amd=2)), 2, id="another vendor"),
        pytest.param(job(container(**{"example.com/gpu": 3})), 3, id="any vendor"),
        pytest.param(job(container(nvidia=1, amd=1)), 2, id="two vendors"),
        pytest.param(job(ONE, container(nvidia=3)), 4, id="two containers"),
        pytest.param(
            job({"name": "c", "resources": {"requests": {NVIDIA: 1}, "limits": {NVIDIA: 1}}}),
            1,
            id="requests and limits are the same GPU",
        ),
        pytest.param(job(ONE, pod={"initContainers": [container(nvidia=1)]}), 1, id="one after it"),
        pytest.param(
            job(ONE, pod={"initContainers": [container(nvidia=4)]}), 4, id="a larger one before"
        ),
        pytest.param(
            job(ONE, pod={"initContainers": [{**ONE, "restartPolicy": "Always"}]}),
            2,
            id="a sidecar beside it",
        ),
        pytest.param(job(ONE, parallelism=4, completions=4), 4, id="four pods"),
        pytest.param(job(ONE, parallelism=4), 4, id="four pods that share the work"),
        pytest.param(job(ONE, parallelism=4, completions=2), 2, id="no more pods than work"),
        pytest.param(job(ONE, completions=8), 1, id="eight pods one after the other"),
        pytest.param(job(container(nvidia="many")), 0, id="what the API server refuses"),
    ],
)
def test_the_gpus_of_a_template_are_counted(template: dict[str, Any], want: float) -> None:
    spec = with_gpus(template)
    assert gpu_counter(spec)({"lr": 0.1, "activation": "relu"}) == want
    assert most_gpus(spec) == want


@pytest.mark.parametrize(("parameters", "most"), [(DEVICES, 4), (KINDS, 8)])
def test_the_number_of_gpus_may_be_tuned(parameters: Any, most: float) -> None:
    spec = with_gpus(job(container(nvidia="$(params.devices)")), parameters=parameters)
    assert gpu_counter(spec)({"devices": "2"}) == 2
    assert most_gpus(spec) == most


def test_running_trials_count_up_to_now_and_ended_attempts_as_recorded() -> None:
    now = START + timedelta(minutes=30)
    ended = make_trial(0, SUCCEEDED, [0.5], gpu_seconds=7200)
    again = make_trial(1, RUNNING, gpu_seconds=3600)
    waiting = make_trial(2, PENDING, gpu_seconds=1800)
    assert gpu_hours_used(with_gpus(), [ended, again, waiting], now=now) == 2 + (1 + 1) + 0.5


@given(st.floats(1e-3, 1e6), st.integers(1, 10_000), st.integers(1, 8))
def test_the_wake_comes_when_the_budget_is_spent_and_not_a_second_later(
    budget: float, after: int, running: int
) -> None:
    spec = with_gpus(limits={"maxTrials": 9, "maxGpuHours": budget})
    trials = [make_trial(i, RUNNING) for i in range(running)]
    now = START + timedelta(seconds=after)
    wait = until_spent(spec, trials, now=now)
    assert wait is not None
    if gpu_hours_used(spec, trials, now=now) < budget:
        assert wait > timedelta()
        early = now + wait - timedelta(seconds=1, milliseconds=1)
        assert gpu_hours_used(spec, trials, now=early) < budget
    late = now + wait + timedelta(milliseconds=1)
    assert gpu_hours_used(spec, trials, now=late) >= budget


@pytest.mark.parametrize(
    ("limits", "trials"),
    [
        pytest.param({}, [make_trial(0, RUNNING)], id="no limit"),
        pytest.param({"maxGpuHours": 1}, [make_trial(0, PENDING)], id="nothing runs"),
    ],
)
def test_no_wake_without_an_end_in_sight(limits: Any, trials: Any) -> None:
    assert until_spent(with_gpus(limits=limits), trials, now=START) is None


def test_what_stopping_saved_is_what_was_missing_at_the_trials_own_pace() -> None:
    stopped = make_trial(3, EARLY, {1: 0.1, 2: 0.1}, finished=3600)  # 1800 s a step, two GPUs
    whole = make_trial(0, SUCCEEDED, {10: 0.5})
    spec = with_gpus()
    assert gpu_hours_saved(spec, [stopped, whole]) == 2 * 0.5 * (10 - 2)
    assert gpu_hours_saved(spec, [stopped]) == 0, "how long a trial is cannot be told"
    assert gpu_hours_saved(spec, [whole, make_trial(1, EARLY)]) == 0, "it never reported"
    given_steps = make_trial(3, EARLY, {2: 0.1}, finished=3600, resource=6)
    assert gpu_hours_saved(spec, [given_steps, whole]) == 2 * 0.5 * (6 - 2)
