"""Why a trial has not started: said in the cluster's own words."""

import pytest
from msgspec.structs import replace

from kubetune.api.names import QUEUE_LABEL
from kubetune.kube.objects import Job, Pod
from kubetune.record.verdict import Verdict
from tests.controller.builders import ago, later, make_job, make_pod, make_trial
from tests.controller.outcomes import HOUR, NO_GPU, NO_IMAGE, look, unpullable
from tests.controller.pod_states import unschedulable, waiting
from tests.controller.specs import template


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
            "no pod yet; kubectl describe job -n team-a digits-0 tells more if that lasts",
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
