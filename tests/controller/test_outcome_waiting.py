"""Why a trial has not started: said in the cluster's own words, and for how long it is borne."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from kubetune.api.names import QUEUE_LABEL
from kubetune.controller.outcomes import judge
from kubetune.kube.objects import ContainerStatus, Job, Pod, Trial
from kubetune.record.verdict import Verdict
from tests.controller.builders import (
    NOW,
    ago,
    condition,
    disruption,
    ended,
    later,
    make_job,
    make_pod,
    make_spec,
    make_trial,
    make_view,
    running,
    template,
    unschedulable,
    waiting,
)

NO_GPU = "0/1 nodes are available: 1 Insufficient nvidia.com/gpu."
NO_IMAGE = 'Back-off pulling image "trainer:9"'
HOUR = 3600


def look(
    trial: Trial | None, job: Job | None, *pods: Pod, now: datetime = NOW, **fields: Any
) -> Verdict:
    return judge(make_view(trial, job, *pods), make_spec(**fields), rungs=(), now=now)


def unpullable(since: float, *, reason: str = "ImagePullBackOff") -> Pod:
    return make_pod(0, "Pending", waiting(reason, NO_IMAGE), started=ago(since), created=ago(since))


@pytest.mark.parametrize(
    ("job", "pods", "want_reason", "want_message"),
    [
        pytest.param(
            make_job(),
            [make_pod(conditions=[unschedulable(NO_GPU)])],
            "Unschedulable",
            NO_GPU,
            id="no node has room: the scheduler's words",
        ),
        pytest.param(
            make_job(),
            [unpullable(30)],
            "ImagePullFailed",
            f"container train: ImagePullBackOff: {NO_IMAGE}",
            id="no image: the kubelet's words",
        ),
        pytest.param(
            make_job(),
            [make_pod(0, "Pending", waiting("CreateContainerConfigError", 'secret "s" not found'))],
            "ContainerCannotStart",
            'container train: CreateContainerConfigError: secret "s" not found',
            id="a container that cannot be created: the kubelet's words",
        ),
        pytest.param(
            make_job(),
            [
                make_pod(
                    0,
                    "Pending",
                    waiting("PodInitializing"),
                    waiting("ErrImagePull", "denied", name="kubetune-collector"),
                )
            ],
            "ImagePullFailed",
            "container kubetune-collector: ErrImagePull: denied",
            id="no image for the collector: its own name",
        ),
        pytest.param(
            make_job(suspended=True, started=None),
            [],
            "Queued",
            "the Job is suspended: a queue such as Kueue holds it back",
            id="a suspended Job is queued",
        ),
        pytest.param(
            make_job(),
            [],
            "PodPending",
            "no pod yet; kubectl describe job digits-0 tells more if that lasts",
            id="no pod for a minute: where to look",
        ),
        pytest.param(
            make_job(),
            [make_pod(0, "Pending", waiting("ContainerCreating"), created=ago(30))],
            "PodStarting",
            "",
            id="a start that takes longer than usual",
        ),
    ],
)
def test_a_pending_trial_says_why(
    job: Job, pods: list[Pod], want_reason: str, want_message: str
) -> None:
    status = look(None, job, *pods).status
    assert (status.state, status.reason, status.message) == ("Pending", want_reason, want_message)
    assert status.job_uid == "job-0"


@pytest.mark.parametrize(
    ("job", "pods"),
    [
        pytest.param(make_job(started=ago(9)), [], id="a Job without a pod"),
        pytest.param(
            make_job(), [make_pod(0, "Pending", created=ago(9))], id="a pod that is being created"
        ),
    ],
)
def test_an_ordinary_start_is_not_worth_a_write_for_its_first_ten_seconds(
    job: Job, pods: list[Pod]
) -> None:
    trial = make_trial()
    verdict = look(trial, job, *pods)
    assert verdict.status is trial.status
    assert verdict.wake_at == later(1)


def test_a_trial_without_a_job_that_never_had_one_waits_for_it() -> None:
    trial = make_trial()
    assert look(trial, None) == Verdict(status=trial.status)


def test_a_job_that_is_being_deleted_is_not_judged_any_more() -> None:
    trial = make_trial(job_uid="job-0")
    job = make_job(deleted=ago(1))
    assert look(trial, job, unpullable(HOUR)).status is trial.status


@pytest.mark.parametrize(
    ("limits", "job", "pods", "want_reason", "want_message"),
    [
        pytest.param(
            {"maxPendingTime": "30m"},
            make_job(),
            [make_pod(conditions=[unschedulable(NO_GPU, since=ago(1800))])],
            "Unschedulable",
            f"not started after 30 min: {NO_GPU}",
            id="unschedulable for maxPendingTime",
        ),
        pytest.param(
            {},
            make_job(),
            [unpullable(120)],
            "ImagePullFailed",
            f"not started after 2 min: container train: ImagePullBackOff: {NO_IMAGE}",
            id="an image that cannot be pulled for two minutes",
        ),
        pytest.param(
            {"maxPendingTime": "45s"},
            make_job(),
            [unpullable(45)],
            "ImagePullFailed",
            f"not started after 45 s: container train: ImagePullBackOff: {NO_IMAGE}",
            id="an image that cannot be pulled for a shorter maxPendingTime",
        ),
        pytest.param(
            {},
            make_job(created=ago(HOUR), started=ago(HOUR)),
            [],
            "PodPending",
            "not started after 60 min: no pod yet; kubectl describe job digits-0 tells more",
            id="no pod for maxPendingTime",
        ),
        pytest.param(
            {},
            make_job(),
            [make_pod(0, "Pending", waiting("ContainerCreating"), created=ago(HOUR))],
            "PodStarting",
            "not started after 60 min: PodStarting",
            id="a pod that hangs in its creation",
        ),
    ],
)
def test_a_trial_fails_that_did_not_start(
    limits: dict[str, Any], job: Job, pods: list[Pod], want_reason: str, want_message: str
) -> None:
    status = look(None, job, *pods, limits=limits).status
    assert (status.state, status.reason) == ("Failed", want_reason)
    assert status.message.startswith(want_message)
    assert status.completion_time == NOW


@pytest.mark.parametrize(
    ("pod", "want_wake"),
    [
        pytest.param(
            make_pod(conditions=[unschedulable(NO_GPU, since=ago(HOUR - 1))]),
            later(1),
            id="unschedulable for a second less than maxPendingTime",
        ),
        pytest.param(unpullable(119), later(1), id="no image for a second less than two minutes"),
    ],
)
def test_a_second_before_its_deadline_a_trial_still_waits_and_is_looked_at_again(
    pod: Pod, want_wake: datetime
) -> None:
    verdict = look(None, make_job(), pod)
    assert verdict.status.state == "Pending"
    assert verdict.wake_at == want_wake


@pytest.mark.parametrize(
    ("template_labels", "job_labels", "want"),
    [
        pytest.param({}, {}, "SuspendedByTemplate", id="nobody resumes it"),
        pytest.param({QUEUE_LABEL: "team"}, {QUEUE_LABEL: "team"}, "Queued", id="a queue does"),
        pytest.param({}, {QUEUE_LABEL: "default"}, "Queued", id="a webhook's queue does"),
    ],
)
def test_a_job_that_its_template_suspends_says_so_where_no_queue_is_named(
    template_labels: dict[str, str], job_labels: dict[str, str], want: str
) -> None:
    suspending = template()
    suspending["metadata"] = {"labels": template_labels}
    suspending["spec"]["suspend"] = True
    job = make_job(suspended=True, started=None)
    job = replace(job, metadata=replace(job.metadata, labels=job_labels))
    status = look(None, job, job_template=suspending).status
    assert (status.state, status.reason) == ("Pending", want)
    assert want == "Queued" or "remove suspend from the template" in status.message


def test_time_in_a_queue_does_not_count_once_the_queue_lets_the_job_go() -> None:
    job = make_job(created=ago(5 * HOUR), started=ago(3))
    assert look(make_trial(reason="Queued"), job).status.state == "Pending"


def test_a_job_that_a_queue_let_go_a_moment_ago_has_no_start_time_yet_and_does_not_fail() -> None:
    job = make_job(created=ago(5 * HOUR), started=None)
    assert look(make_trial(reason="Queued"), job).status.state == "Pending"


def test_init_containers_of_the_user_do_not_use_up_the_patience_with_an_image() -> None:
    prepared: ContainerStatus = ended(0, name="fetch-data", started=ago(1800), at=ago(5))
    pod = make_pod(
        0, "Pending", waiting("ErrImagePull", "timeout"), init=[prepared], started=ago(1800)
    )
    assert look(None, make_job(), pod).status.state == "Pending"


def test_a_running_trial_whose_pod_is_disrupted_waits_for_another_and_does_not_fail() -> None:
    trial = make_trial(0, "Running", {1: 0.5}, job_uid="job-0", attempts=1, started=ago(30), step=1)
    pod = make_pod(0, "Failed", ended(143), conditions=[disruption()], deleted=ago(1))
    status = look(trial, make_job(), pod).status
    assert (status.state, status.reason) == ("Pending", "Disrupted")
    assert "PreemptionByScheduler: preempted" in status.message
    assert "does not count as a failure" in status.message
    assert status.observations == []
    assert (status.attempts, status.start_time, status.step) == (1, None, None)


@pytest.mark.parametrize(
    ("lost_for", "want_state", "want_words"),
    [
        pytest.param(HOUR - 1, "Pending", "the trial runs again", id="a second before"),
        pytest.param(HOUR, "Failed", "not started again after 60 min", id="maxPendingTime"),
    ],
)
def test_a_disrupted_trial_waits_for_its_next_pod_as_long_as_for_its_first(
    lost_for: int, want_state: str, want_words: str
) -> None:
    trial = make_trial(0, "Pending", reason="Disrupted", job_uid="job-0", attempts=1)
    pod = make_pod(0, "Failed", ended(143, at=ago(lost_for)), conditions=[disruption()])
    verdict = look(trial, make_job(), pod)
    assert verdict.status.state == want_state
    assert want_words in verdict.status.message
    assert verdict.wake_at == (later(1) if want_state == "Pending" else None)


def test_a_disruption_is_dated_by_its_condition_where_no_container_left_an_end() -> None:
    pod = make_pod(0, "Failed", conditions=[disruption()])
    assert look(make_trial(), make_job(), pod).wake_at == later(HOUR - 2)


@pytest.mark.parametrize("source", ["Stdout", "Annotation"])
def test_a_trial_whose_training_has_ended_says_which_container_keeps_its_pod_alive(
    source: str,
) -> None:
    pod = make_pod(0, "Running", ended(0, at=ago(30)), running(name="uploader"))
    verdict = look(make_trial(), make_job(), pod, source=source)
    assert (verdict.status.state, verdict.status.reason) == ("Running", "PodLingers")
    assert "train has ended, but uploader of the same pod still runs" in verdict.status.message


def test_another_container_may_end_a_moment_after_the_training() -> None:
    pod = make_pod(0, "Running", ended(0, at=ago(20)), running(name="uploader"))
    verdict = look(make_trial(), make_job(), pod)
    assert (verdict.status.reason, verdict.wake_at) == ("Training", later(10))


def test_a_disrupted_pod_is_still_running_during_its_grace_period() -> None:
    pod = make_pod(0, "Running", running(), conditions=[disruption()], deleted=ago(1))
    assert look(make_trial(), make_job(), pod).status.state == "Running"


def test_a_disrupted_pod_that_ends_well_within_its_grace_period_has_succeeded() -> None:
    trial = make_trial(0, "Running", {1: 0.5}, job_uid="job-0", attempts=1, started=ago(30))
    pod = make_pod(0, "Succeeded", ended(0), conditions=[disruption()], deleted=ago(1))
    assert look(trial, make_job(), pod).status.state == "Succeeded"


def test_a_disrupted_trial_runs_again_as_its_second_attempt() -> None:
    trial = make_trial(0, "Pending", reason="Disrupted", job_uid="job-0", attempts=1)
    lost = make_pod(0, "Failed", ended(143), conditions=[disruption()], created=ago(300))
    fresh = make_pod(0, "Running", running(since=ago(5)), suffix="fghij", created=ago(20))
    status = look(trial, make_job(), lost, fresh).status
    assert (status.state, status.attempts, status.start_time) == ("Running", 2, ago(5))


def test_a_disruption_that_did_not_come_to_pass_is_none() -> None:
    pod = make_pod(0, "Running", running(), conditions=[condition("DisruptionTarget", "False")])
    assert look(make_trial(), make_job(), pod).status.state == "Running"


def test_a_trial_is_running_since_its_training_container_started() -> None:
    status = look(make_trial(), make_job(), make_pod(0, "Running", running(since=ago(30)))).status
    assert (status.state, status.reason, status.attempts) == ("Running", "Training", 1)
    assert status.start_time == NOW - timedelta(seconds=30)


def test_a_running_trial_is_not_written_again_when_nothing_happens() -> None:
    pod = make_pod(0, "Running", running())
    first = look(make_trial(), make_job(), pod)
    trial = make_trial(
        0, "Running", reason="Training", job_uid="job-0", attempts=1, started=ago(30)
    )
    assert first.status == trial.status
    assert look(trial, make_job(), pod, now=later(60)).status == trial.status
