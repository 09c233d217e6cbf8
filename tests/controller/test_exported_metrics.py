"""What Prometheus reads: the state of the cluster, and how late and how long things were."""

from typing import Any

import msgspec
import pytest
from prometheus_client import generate_latest

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob_status import Phase
from kubetune.controller.cluster import Cluster
from kubetune.controller.gauges import ClusterGauges
from kubetune.controller.metrics import Metrics
from kubetune.kube.objects import Trial
from tests.controller.builders import NAMESPACE, NOW, ago, make_body, make_observation, make_trial
from tests.controller.fake_cluster import FakeApi, FakeClient


def make_world() -> tuple[Cluster, Metrics]:
    metrics = Metrics()
    cluster = Cluster(
        FakeClient(FakeApi()),
        namespaces=("team-a",),
        enqueue=lambda _: None,
        jitter=lambda: 0.0,
        on_trial_change=lambda old, new: metrics.count_trial_change(old, new, NOW),
        on_job_change=metrics.count_job_change,
    )
    metrics.registry.register(ClusterGauges(cluster, now=lambda: NOW))
    return cluster, metrics


def exported(metrics: Metrics) -> dict[str, float]:
    lines = generate_latest(metrics.registry).decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def test_jobs_are_counted_by_phase_and_by_trouble() -> None:
    cluster, metrics = make_world()
    trouble = {"type": "Degraded", "status": "True"}
    past = {"type": "Stalled", "status": "False"}
    cluster.see(make_body(name="a", status={"phase": "Running", "conditions": [trouble, past]}))
    cluster.see(make_body(name="b", status={"phase": "Running"}))
    cluster.see(make_body(name="c", status={"observedGeneration": -1}))
    found = exported(metrics)
    want = {"Running": 2.0, "Pending": 1.0}
    for phase in Phase:
        assert found[f'kubetune_tuning_jobs{{phase="{phase}"}}'] == want.get(phase, 0.0)
    assert found['kubetune_tuning_job_conditions{condition="Degraded"}'] == 1.0
    assert found['kubetune_tuning_job_conditions{condition="Stalled"}'] == 0.0


def test_trials_are_counted_by_state_as_they_stand() -> None:
    cluster, metrics = make_world()
    cluster.trials("team-a").apply(make_trial(0, "Running"))
    cluster.trials("team-a").apply(make_trial(1, "Running"))
    cluster.trials("team-a").apply(make_trial(1, "Succeeded", version=2))
    found = exported(metrics)
    assert found['kubetune_trials{state="Running"}'] == 1.0
    assert found['kubetune_trials{state="Succeeded"}'] == 1.0
    assert found['kubetune_trials{state="Failed"}'] == 0.0


def test_the_lag_of_an_observation_is_counted_once_per_report() -> None:
    cluster, metrics = make_world()
    first = make_observation(1, 0.5, at=ago(9))
    second = make_observation(2, 0.6, at=ago(3))
    store = cluster.trials("team-a")
    store.apply(make_trial(0, "Running"))
    store.apply(make_trial(0, "Running", observations=[first], version=2))
    store.apply(make_trial(0, "Running", observations=[first, second], version=3))
    store.apply(make_trial(0, "Succeeded", observations=[first, second], version=4))
    found = exported(metrics)
    assert found["kubetune_observation_lag_seconds_count"] == 2.0
    assert found["kubetune_observation_lag_seconds_sum"] == 12.0


def test_an_observation_from_a_clock_ahead_of_ours_has_no_lag() -> None:
    _, metrics = make_world()
    early = make_observation(1, 0.5, at=ago(-5))
    metrics.count_trial_change(make_trial(), make_trial(observations=[early]), NOW)
    assert exported(metrics)["kubetune_observation_lag_seconds_sum"] == 0.0


def test_the_counters_that_alerts_compare_begin_at_zero() -> None:
    found = exported(make_world()[1])
    for state in TrialState:
        assert found[f'kubetune_trials_total{{state="{state}"}}'] == 0.0


def test_gpu_seconds_are_counted_when_an_attempt_ends_and_once_each() -> None:
    cluster, metrics = make_world()
    store = cluster.trials("team-a")
    # What a new operator finds was counted by the one before it.
    for version, used in enumerate((40.0, 40.0, 100.0, 100.0), start=1):
        trial = make_trial(0, "Running", version=version)
        status = msgspec.structs.replace(trial.status, gpu_seconds=used)
        store.apply(msgspec.structs.replace(trial, status=status))
    assert exported(metrics)["kubetune_gpu_seconds_used_total"] == 60.0


def ended(hours: float | None, *, version: int, is_over: bool = True) -> dict[str, Any]:
    finished = {"type": "Finished", "status": "True" if is_over else "False"}
    used = {} if hours is None else {"gpuHours": {"used": 9.0, "saved": hours}}
    body = make_body(status={"phase": "Complete", "conditions": [finished], **used})
    body["metadata"]["resourceVersion"] = str(version)
    return body


def test_saved_gpu_seconds_are_counted_when_a_run_ends_and_not_while_they_are_a_guess() -> None:
    cluster, metrics = make_world()
    for version, (hours, is_over) in enumerate(
        [(1.0, False), (2.0, False), (0.5, True), (0.5, True), (None, False), (0.25, True)],
        start=1,
    ):
        cluster.see(ended(hours, version=version, is_over=is_over))
    assert exported(metrics)["kubetune_gpu_seconds_saved_total"] == (0.5 + 0.25) * 3600


def test_a_run_that_ended_before_the_operator_came_is_not_counted_again() -> None:
    cluster, metrics = make_world()
    cluster.see(ended(0.5, version=1))
    cluster.see(ended(0.5, version=2))
    assert exported(metrics)["kubetune_gpu_seconds_saved_total"] == 0.0


RUNNING = {"phase": "Running"}
SILENT = make_trial(0, "Running", started=ago(500), observations=[make_observation(1, at=ago(90))])


@pytest.mark.parametrize(
    ("status", "trials", "want"),
    [
        pytest.param(RUNNING, [SILENT], 90.0, id="a report is news"),
        pytest.param(
            RUNNING, [SILENT, make_trial(1, "Running", started=ago(30))], 30.0, id="a start is news"
        ),
        pytest.param(
            RUNNING,
            [SILENT, make_trial(1, "Succeeded", completed=ago(10))],
            10.0,
            id="an end is news",
        ),
        pytest.param(RUNNING, [make_trial(0)], 3600.0, id="a trial that waits is none"),
        pytest.param(RUNNING, [make_trial(0, reason="Queued")], 0.0, id="a queue is patient"),
        pytest.param(
            RUNNING,
            [SILENT, make_trial(1, reason="Queued")],
            90.0,
            id="a queue does not excuse what runs",
        ),
        pytest.param({"phase": "Suspended"}, [SILENT], 0.0, id="a suspended job may be silent"),
        pytest.param({"phase": "Complete"}, [SILENT], 0.0, id="an ended job may be silent"),
        pytest.param(
            {**RUNNING, "runId": "two"}, [SILENT], 0.0, id="an earlier run says nothing of this one"
        ),
        pytest.param(RUNNING, [], 0.0, id="no trial yet"),
    ],
)
def test_the_longest_silence_of_a_running_job_is_exported(
    status: dict[str, Any], trials: list[Trial], want: float
) -> None:
    cluster, metrics = make_world()
    cluster.see(make_body(status=status))
    for trial in trials:
        cluster.trials(NAMESPACE).apply(trial)
    assert exported(metrics)["kubetune_longest_silence_seconds"] == want


def test_suggestions_made_together_share_the_time_of_their_decision() -> None:
    _, metrics = make_world()
    metrics.count_decision("Bayesian", 4, 0.8)
    metrics.count_decision("Bayesian", 0, 0.1)
    found = exported(metrics)
    assert found["kubetune_decide_seconds_count"] == 2.0
    assert found['kubetune_suggestion_seconds_count{strategy="Bayesian"}'] == 4.0
    assert round(found['kubetune_suggestion_seconds_sum{strategy="Bayesian"}'], 9) == 0.8
