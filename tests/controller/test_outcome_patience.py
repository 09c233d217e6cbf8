"""How long a trial may take to start, and what does not count towards it."""

from datetime import datetime
from typing import Any

import pytest

from kubetune.kube.objects import ContainerStatus, Job, Pod
from tests.controller.builders import NOW, ago, later, make_job, make_pod, make_trial
from tests.controller.outcomes import HOUR, NO_GPU, NO_IMAGE, look, unpullable
from tests.controller.pod_states import ended, unschedulable, waiting


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
            "not started after 60 min: no pod yet; kubectl describe job -n team-a digits-0 tells",
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
