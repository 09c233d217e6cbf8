"""Each way in which a trial can end has a reason that a person can act on."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import TestCluster
from tests.e2e.tuning_jobs import Jobs, trains, tuning_job

pytestmark = pytest.mark.cluster

ONE = {"maxTrials": 1, "maxParallelTrials": 1, "maxInitialFailures": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    code: str = "pass"
    limits: dict[str, Any] | None = None
    container: dict[str, Any] | None = None
    job: dict[str, Any] | None = None
    metrics: dict[str, Any] | None = None
    want_state: str = "Failed"
    want_reason: str
    want_words: tuple[str, ...] = ()


CASES = {
    "crashes": Case(
        code="print('loading data'); raise SystemExit('no such file: data.csv')",
        want_reason="ContainerFailed",
        want_words=("exit code 1", "no such file: data.csv"),
    ),
    "crashes-without-a-collector": Case(
        code="print('loading data'); raise SystemExit('no such file: labels.csv')",
        metrics={"source": "Annotation"},
        want_reason="ContainerFailed",
        want_words=("exit code 1", "no such file: labels.csv"),
    ),
    "reports-nothing-without-a-collector": Case(  # the operator asks for the last lines
        code="print('epoch 1 done'); print('accuracy is fine')",
        metrics={"source": "Annotation"},
        want_state="MetricsUnavailable",
        want_reason="MetricNotReported",
        want_words=("set the pod annotation kubetune.dev/metrics", "accuracy is fine"),
    ),
    "uses-too-much-memory": Case(
        code="blocks = [bytearray(2**24) for _ in range(64)]",
        container={"resources": {"limits": {"memory": "64Mi", "cpu": "200m"}}},
        want_reason="OOMKilled",
        want_words=("resources.limits.memory",),
    ),
    "prints-no-metric": Case(
        code="print('epoch 1 done'); print('accuracy is great')",
        want_state="MetricsUnavailable",
        want_reason="MetricNotReported",
        want_words=("score", "accuracy is great"),
    ),
    "diverges": Case(
        code="print('epoch=1 score=0.5'); print('epoch=2 score=nan')",
        want_reason="NonFiniteObjective",
        want_words=("NaN",),
    ),
    "has-no-image": Case(
        container={"image": "registry.invalid/nobody/nothing:1"},
        limits={"maxPendingTime": "40s"},
        want_reason="ImagePullFailed",
        want_words=("registry.invalid/nobody/nothing:1",),
    ),
    "is-too-slow": Case(
        code="import time; time.sleep(600)",
        job={"activeDeadlineSeconds": 3},
        want_reason="DeadlineExceeded",
        want_words=("activeDeadlineSeconds",),
    ),
    "needs-more-gpus": Case(
        container={"resources": {"limits": {"nvidia.com/gpu": 1000}}},
        limits={"maxPendingTime": "4s"},
        want_reason="Unschedulable",
        want_words=("Insufficient nvidia.com/gpu",),
    ),
}


@pytest.fixture(scope="module")
def all_cases(kubetune: TestCluster) -> Iterator[Jobs]:
    """All cases at once, as they do not wait for each other."""
    name = f"kubetune-test-outcomes-{secrets.token_hex(3)}"
    kubetune.kubectl("create", "namespace", name)
    jobs = Jobs(kubetune, name)
    jobs.apply(
        *(
            tuning_job(
                case_id,
                case.code,
                limits={**ONE, **(case.limits or {})},
                container=case.container,
                job=case.job,
                **({"metrics": case.metrics} if case.metrics else {}),
            )
            for case_id, case in CASES.items()
        )
    )
    yield jobs
    kubetune.kubectl("delete", "namespace", name, "--wait=false")


@pytest.mark.parametrize("case_id", CASES)
def test_a_trial_that(case_id: str, all_cases: Jobs) -> None:
    case = CASES[case_id]
    status = all_cases.finish(case_id)
    trial = all_cases.trials(case_id)[0]["status"]
    assert (case.want_state, case.want_reason) == (trial["state"], trial["reason"]), trial
    assert [word for word in case.want_words if word not in trial["message"]] == []
    assert (status["phase"], status["reason"]) == ("Failed", "NoTrialSucceeded")
    events = all_cases.events("Trial", f"{case_id}-0")
    assert case.want_reason in [event["reason"] for event in events]


def test_a_pending_trial_says_why(jobs: Jobs) -> None:
    greedy = {"resources": {"limits": {"nvidia.com/gpu": 1000}}}
    jobs.apply(tuning_job("greedy", "pass", limits=ONE, container=greedy))
    jobs.wait_for_trial("greedy-0", "{.status.reason}=Unschedulable")
    status = jobs.trial("greedy-0")["status"]
    assert status["state"] == "Pending"
    assert "Insufficient nvidia.com/gpu" in status["message"]


def test_a_trial_whose_job_somebody_deletes_has_failed(jobs: Jobs) -> None:
    jobs.apply(tuning_job("robbed", "import time; time.sleep(600)", limits=ONE))
    jobs.wait_for_trial("robbed-0", "{.status.state}=Running")
    jobs.kubectl("delete", "job", "robbed-0")
    jobs.wait_for_trial("robbed-0", "{.status.state}=Failed")
    status = jobs.trial("robbed-0")["status"]
    assert status["reason"] == "JobDeleted"
    assert jobs.jobs("robbed") == []


def test_a_trial_that_somebody_deletes_is_replaced_by_another(jobs: Jobs) -> None:
    limits = {"maxTrials": 2, "maxParallelTrials": 2}
    jobs.apply(tuning_job("thinned", trains(3000), limits=limits))
    jobs.wait("thinned", "jsonpath={.status.trials.running}=2")
    jobs.kubectl("delete", "trial", "thinned-0")
    jobs.wait_for_trial("thinned-2", "{.status.state}=Running")
    trials = [trial["metadata"]["name"] for trial in jobs.trials("thinned")]
    assert trials == ["thinned-1", "thinned-2"]
    assert [job["metadata"]["name"] for job in jobs.jobs("thinned")] == trials
    assert jobs.status("thinned")["phase"] == "Running"


def test_a_trial_that_the_cluster_evicts_runs_again_and_has_not_failed(jobs: Jobs) -> None:
    jobs.apply(tuning_job("evicted", trains(25), limits=ONE))
    jobs.wait_for_trial("evicted-0", "{.status.state}=Running")
    pod = jobs.pods("evicted")[0]["metadata"]["name"]
    eviction = (
        '{"apiVersion":"policy/v1","kind":"Eviction",'
        f'"metadata":{{"name":"{pod}","namespace":"{jobs.namespace}"}}}}'
    )
    path = f"/api/v1/namespaces/{jobs.namespace}/pods/{pod}/eviction"
    jobs.cluster.kubectl("create", "--raw", path, "-f", "-", stdin=eviction)
    status = jobs.finish("evicted")
    trial = jobs.trial("evicted-0")["status"]
    assert (status["phase"], trial["state"], trial["attempts"]) == ("Complete", "Succeeded", 2)
    assert status["trials"]["failed"] == 0
    assert "Disrupted" in [event["reason"] for event in jobs.events("Trial", "evicted-0")]
