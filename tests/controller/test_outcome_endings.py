"""How a trial that ran came to its end: each with a reason that a person can act on."""

from datetime import datetime

import pytest

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.controller.outcomes import judge
from kubetune.controller.snapshot import TrialView
from tests.controller.builders import (
    NOW,
    ago,
    make_job,
    make_observation,
    make_pod,
    make_trial,
    make_view,
)
from tests.controller.ended_trials import COLLECTOR, collector, running_trial
from tests.controller.pod_states import condition, ended, job_complete, job_failed, running
from tests.controller.specs import make_spec, spec_fields, template

FAILURES = [
    pytest.param(
        make_view(
            running_trial(),
            make_job(0, job_failed()),
            make_pod(0, "Failed", ended(3, message="loading\nValueError: bad shape")),
        ),
        "ContainerFailed",
        ["container train ended with exit code 3", "last lines:\nloading\nValueError: bad shape"],
        id="a container that exits with a code: the code and the last lines",
    ),
    pytest.param(
        make_view(
            running_trial(),
            make_job(0, job_failed()),
            make_pod(0, "Failed", ended(139, signal=11)),
        ),
        "ContainerFailed",
        ["container train ended with exit code 139 by signal 11"],
        id="a container that a signal ended: the signal as well",
    ),
    pytest.param(
        make_view(
            running_trial(),
            make_job(0, job_failed()),
            make_pod(0, "Failed", ended(137, reason="OOMKilled", message="epoch 3")),
        ),
        "OOMKilled",
        ["container train used more memory", "raise resources.limits.memory", "epoch 3"],
        id="a container that was killed for its memory: what to raise",
    ),
    pytest.param(
        make_view(
            running_trial(),
            make_job(0, job_failed()),
            make_pod(
                0,
                "Failed",
                ended(2, name="helper", at=ago(9)),
                ended(1, at=ago(5)),
                ended(1, name=COLLECTOR, at=ago(20)),
            ),
        ),
        "ContainerFailed",
        ["container helper ended with exit code 2"],
        id="several failed containers: the first of the user's own is the cause",
    ),
    pytest.param(
        make_view(
            running_trial(),
            make_job(0, job_failed("DeadlineExceeded", "Job was active longer than allowed")),
            make_pod(0, "Failed", ended(137)),
        ),
        "DeadlineExceeded",
        ["Job was active longer than allowed", "Raise activeDeadlineSeconds"],
        id="a Job that ran into its deadline: which field to raise",
    ),
    pytest.param(
        make_view(
            running_trial(),
            make_job(0, job_failed()),
            make_pod(0, "Failed", ended(143), deleted=ago(3)),
        ),
        "PodDeleted",
        ["somebody deleted pod digits-0-abcde"],
        id="a pod that somebody deleted: which one",
    ),
    pytest.param(
        make_view(running_trial(), make_job(0, job_failed())),
        "BackoffLimitExceeded",
        ["it failed", "no pod of it is left", "--force"],
        id="a pod that somebody took away at once: no trace but that",
    ),
    pytest.param(
        make_view(
            running_trial(), make_job(0, job_failed("PodFailurePolicy", "exit code 42 matched"))
        ),
        "PodFailurePolicy",
        ["PodFailurePolicy: exit code 42 matched"],
        id="a failed Job without a pod: the Job's own words",
    ),
    pytest.param(
        make_view(running_trial()),
        "JobDeleted",
        ["the Job of this trial is gone", "somebody deleted it"],
        id="a Job that somebody deleted",
    ),
]


@pytest.mark.parametrize(("view", "want_reason", "want_words"), FAILURES)
def test_a_trial_fails_with_the_reason(
    view: TrialView, want_reason: str, want_words: list[str]
) -> None:
    status = judge(view, make_spec(), rungs=(), now=NOW).status
    assert (status.state, status.reason) == ("Failed", want_reason)
    for words in want_words:
        assert words in status.message
    assert status.completion_time is not None
    assert status.value is None


def test_a_trial_that_ends_well_has_the_last_value_its_step_and_the_containers_time() -> None:
    view = make_view(
        running_trial(values={1: 0.5, 2: 0.7}),
        make_job(0, job_complete()),
        make_pod(0, "Succeeded", ended(0, at=ago(2)), collector()),
    )
    status = judge(view, make_spec(), rungs=(), now=NOW).status
    assert (status.state, status.reason, status.message) == ("Succeeded", "Completed", "")
    assert (status.value, status.step, status.completion_time) == (0.7, 2, ago(2))


def test_a_pod_that_succeeded_is_believed_before_the_job_controller_says_so() -> None:
    view = make_view(running_trial(values={1: 0.5}), make_job(), make_pod(0, "Succeeded", ended(0)))
    assert judge(view, make_spec(), rungs=(), now=NOW).status.state == "Succeeded"


def test_one_of_several_pods_that_succeeded_is_not_the_end_of_the_trial() -> None:
    view = make_view(
        running_trial(values={1: 0.5}),
        make_job(completions=2),
        make_pod(0, "Succeeded", ended(0)),
    )
    assert judge(view, make_spec(), rungs=(), now=NOW).status.state == "Running"


def test_a_finished_trial_is_never_judged_again() -> None:
    view = make_view(make_trial(0, "EarlyStopped", {1: 0.5}), make_job(0, job_failed()))
    assert judge(view, make_spec(), rungs=(), now=NOW).status is view.trial.status


def test_the_training_container_is_the_one_that_the_spec_names() -> None:
    containers = [{"name": name, "image": "i", "args": ["$(params.lr)"]} for name in ("web", "fit")]
    fields = spec_fields(metrics={"container": "fit"}, job_template=template(containers=containers))
    view = make_view(
        make_trial(), make_job(), make_pod(0, "Running", ended(0, name="web"), running(name="fit"))
    )
    status = judge(view, TuningJobSpec.model_validate(fields), rungs=(), now=NOW).status
    assert (status.state, status.start_time) == ("Running", ago(30))


def test_a_trial_whose_pod_is_gone_ended_when_its_job_says() -> None:
    complete = condition("Complete", since=ago(3600))
    trial = make_trial(0, "Running", {1: 0.5}, job_uid="job-0", attempts=1, started=ago(3660))
    status = judge(make_view(trial, make_job(0, complete)), make_spec(), rungs=(), now=NOW).status
    assert (status.state, status.completion_time) == ("Succeeded", ago(3600))


@pytest.mark.parametrize(
    ("spec", "want"),
    [
        pytest.param(make_spec(), (2, ago(30), [2]), id="what it said before is void"),
        pytest.param(
            make_spec(checkpoint={"path": "/ckpt", "persistentVolumeClaim": {"claimName": "c"}}),
            (2, ago(30), [1, 2]),
            id="with a checkpoint it holds",
        ),
    ],
)
def test_an_attempt_that_began_and_ended_after_a_disruption_that_nobody_saw_is_counted(
    spec: TuningJobSpec, want: tuple[int, datetime, list[int]]
) -> None:
    before = make_observation(1, 0.9, at=ago(200))
    trial = make_trial(
        0,
        "Running",
        observations=[before, make_observation(2, 0.5, at=ago(10))],
        job_uid="job-0",
        attempts=1,
        started=ago(300),
    )
    pod = make_pod(0, "Succeeded", ended(0, started=ago(30)))
    status = judge(
        make_view(trial, make_job(0, job_complete()), pod), spec, rungs=(), now=NOW
    ).status
    assert status.state == "Succeeded"
    steps = [observation.step for observation in status.observations]
    assert (status.attempts, status.start_time, steps) == want
