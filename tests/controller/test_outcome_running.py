"""A trial that runs: since when, and what keeps its pod after the training."""

from datetime import timedelta

import pytest

from tests.controller.builders import NOW, ago, later, make_job, make_pod, make_trial
from tests.controller.outcomes import look
from tests.controller.pod_states import ended, running


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
