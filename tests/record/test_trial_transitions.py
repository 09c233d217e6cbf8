"""What a decision makes of a trial, and what the search sees of it."""

import msgspec
import pytest

from kubetune.api.trial import TrialState
from kubetune.core.decision import Evidence, StopTrial
from kubetune.core.trial import Observation
from kubetune.kube.objects import Pod, Trial, TrialSpec
from kubetune.record import trials
from tests.controller.builders import (
    NOW,
    ago,
    make_job,
    make_observation,
    make_pod,
    make_trial,
    make_view,
)
from tests.controller.pod_states import ended, running
from tests.controller.specs import make_spec

SPEC = make_spec()
EVIDENCE = Evidence(rule="asha/v1", step=3, value=0.5, threshold=0.7, population=9)
STOP = StopTrial(index=0, reason="0.5 at step 3 is worse than 0.7", evidence=EVIDENCE)


def training() -> Trial:
    return make_trial(0, "Running", {1: 0.4, 3: 0.5}, job_uid="job-0", attempts=1, started=ago(30))


def test_an_early_stop_is_recorded_with_its_evidence_and_the_value_so_far() -> None:
    status = trials.stopped_early(training(), STOP, SPEC.objective, now=NOW)
    assert (status.state, status.reason, status.message) == (
        "EarlyStopped",
        "WillNotWin",
        "0.5 at step 3 is worse than 0.7",
    )
    assert status.evidence == {
        "rule": "asha/v1",
        "step": 3,
        "value": 0.5,
        "threshold": 0.7,
        "population": 9,
    }
    assert (status.value, status.step, status.completion_time) == (0.5, 3, NOW)
    assert status.job_uid == "job-0"


def test_the_search_sees_floats_that_the_api_server_stored_as_whole_numbers() -> None:
    trial = make_trial(0, "Running")
    stored = msgspec.structs.replace(trial, spec=TrialSpec(index=0, parameters={"lr": 1}))
    seen = trials.core_trial(stored, SPEC, holds_slot=True)
    assert repr(seen.parameters) == "{'lr': 1.0}"


def test_a_trial_that_the_end_of_the_job_stops_keeps_its_value() -> None:
    status = trials.stopped(training(), "TargetReached", "enough", SPEC.objective, now=NOW)
    assert (status.state, status.reason, status.message) == ("Stopped", "TargetReached", "enough")
    assert (status.value, status.step, status.evidence) == (0.5, 3, None)


def test_what_a_pending_trial_reported_before_its_interruption_is_no_value() -> None:
    interrupted = make_trial(0, "Pending", {1: 0.4}, reason="Suspended")
    status = trials.stopped(interrupted, "StoppedByUser", "", SPEC.objective, now=NOW)
    assert (status.value, status.step) == (None, None)


def test_with_best_a_stopped_trial_has_its_best_value() -> None:
    trial = make_trial(0, "Running", {1: 0.9, 3: 0.5})
    objective = make_spec(value="Best").objective
    assert trials.stopped_early(trial, STOP, objective, now=NOW).value == 0.9


def test_a_suspended_trial_gives_up_its_job_and_shows_what_it_had_reported() -> None:
    status = trials.suspended(training())
    assert (status.state, status.reason) == ("Pending", "Suspended")
    assert (status.job_uid, status.start_time, status.step) == (None, None, None)
    assert [o.step for o in status.observations] == [1, 3]
    assert status.attempts == 1


def test_suspending_a_suspended_trial_changes_nothing() -> None:
    once = make_trial(0, "Pending", {1: 0.4}, reason="x", attempts=1)
    status = trials.suspended(once)
    again = trials.suspended(
        make_trial(0, "Pending", {1: 0.4}, reason=status.reason, message=status.message, attempts=1)
    )
    assert again == status


def test_a_trial_that_begins_anew_has_reported_nothing() -> None:
    waiting = make_trial(0, "Pending", {1: 0.4}, reason="Suspended", attempts=1)
    status = trials.begun_anew(waiting, make_spec())
    assert (status.observations, status.reason, status.message) == ([], "", "")
    assert status.attempts == 1


def test_the_search_sees_the_finite_values_of_the_objective_in_order() -> None:
    trial = make_trial(
        0,
        "Running",
        observations=[
            make_observation(5, 0.5, others={"loss": 9.0}),
            make_observation(2, 0.2),
            make_observation(3, word="NaN"),
            make_observation(4, others={"loss": 1.0}),
        ],
    )
    seen = trials.core_trial(trial, SPEC, holds_slot=True)
    assert seen.observations == (Observation(step=2, value=0.2), Observation(step=5, value=0.5))
    assert (seen.index, seen.name, seen.state) == (0, "digits-0", TrialState.RUNNING)


def test_the_search_sees_nothing_of_what_a_pending_trial_reported_before() -> None:
    trial = make_trial(0, "Pending", {1: 0.4}, reason="Suspended")
    assert trials.core_trial(trial, SPEC, holds_slot=True).observations == ()


@pytest.mark.parametrize(
    ("state", "pod", "want"),
    [
        pytest.param("Pending", None, True, id="pending"),
        pytest.param("Running", make_pod(0, "Running", running()), True, id="running"),
        pytest.param("Succeeded", make_pod(0, "Succeeded", ended(0)), False, id="succeeded"),
        pytest.param(
            "EarlyStopped", make_pod(0, "Running", running()), True, id="stopped, pod still there"
        ),
        pytest.param("EarlyStopped", None, False, id="stopped, pod gone"),
        pytest.param("Failed", make_pod(0, "Pending"), True, id="failed, pod still pending"),
    ],
)
def test_a_trial_holds_a_slot(
    state: str,
    pod: Pod | None,
    want: bool,  # noqa: FBT001  a parameter of the test
) -> None:
    pods = () if pod is None else (pod,)
    view = make_view(make_trial(0, state), make_job(0), *pods)
    assert view.holds_slot is want
