"""A disrupted trial runs again, and counts as no failure."""

import pytest

from tests.controller.builders import ago, later, make_job, make_pod, make_trial
from tests.controller.outcomes import HOUR, look
from tests.controller.pod_states import condition, disruption, ended, running


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
