"""What Prometheus reads: the state of the cluster, and how late and how long things were."""

from prometheus_client import generate_latest

from kubetune.api.tuningjob_status import Phase
from kubetune.controller.cluster import Cluster
from kubetune.controller.gauges import ClusterGauges
from kubetune.controller.metrics import Metrics
from tests.controller.builders import NOW, ago, make_body, make_observation, make_trial
from tests.controller.fake_cluster import FakeApi, FakeClient


def make_world() -> tuple[Cluster, Metrics]:
    metrics = Metrics()
    cluster = Cluster(
        FakeClient(FakeApi()),
        namespaces=("team-a",),
        enqueue=lambda _: None,
        jitter=lambda: 0.0,
        on_report=lambda trial: metrics.count_report(trial, NOW),
    )
    metrics.registry.register(ClusterGauges(cluster))
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
    metrics.count_report(make_trial(observations=[make_observation(1, 0.5, at=ago(-5))]), NOW)
    assert exported(metrics)["kubetune_observation_lag_seconds_sum"] == 0.0


def test_suggestions_made_together_share_the_time_of_their_decision() -> None:
    _, metrics = make_world()
    metrics.count_decision("Bayesian", 4, 0.8)
    metrics.count_decision("Bayesian", 0, 0.1)
    found = exported(metrics)
    assert found["kubetune_decide_seconds_count"] == 2.0
    assert found['kubetune_suggestion_seconds_count{strategy="Bayesian"}'] == 4.0
    assert round(found['kubetune_suggestion_seconds_sum{strategy="Bayesian"}'], 9) == 0.8
