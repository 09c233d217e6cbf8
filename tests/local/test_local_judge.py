from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kubetune.kube.objects import Metadata, Observation, Trial, TrialSpec, TrialStatus
from kubetune.local.attempt import Attempt, Terms
from kubetune.local.judge import judge
from tests.local.local_builders import TERMS, at, attempt, manifest, opened

SPEC = opened(manifest()).world.spec
REPORTED = (Observation(step=1, metrics={"loss": 0.5}), Observation(step=2, metrics={"loss": 0.25}))
RUNNING = TrialStatus(
    state="Running", reason="Training", attempts=1, job_uid="a-1", start_time=at(0)
)


def judged(
    status: TrialStatus,
    found: Attempt | None,
    *,
    terms: Terms = TERMS,
    seconds: float = 5,
    is_told: bool = False,
) -> TrialStatus:
    trial = Trial(metadata=Metadata(name="toy-0"), spec=TrialSpec(index=0), status=status)
    return judge(trial, found, SPEC, terms, now=at(seconds), is_told=is_told).status


def ended(code: int | None, **fields: Any) -> Attempt:
    return attempt(is_alive=False, exit_code=code, ended_at=at(4), **fields)


def test_a_trial_runs_from_the_first_look_at_its_process() -> None:
    status = judged(TrialStatus(), attempt(observations=REPORTED))
    assert (status.state, status.reason, status.attempts) == ("Running", "Training", 1)
    assert (status.job_uid, status.start_time) == ("a-1", at(0))
    assert tuple(status.observations) == REPORTED
    assert judged(status, attempt(observations=REPORTED)) == status


@pytest.mark.parametrize(
    ("found", "state", "reason", "words"),
    [
        pytest.param(ended(0, observations=REPORTED), "Succeeded", "Completed", "", id="well"),
        pytest.param(
            ended(0, tail=("epoch 1", "bye")),
            "MetricsUnavailable",
            "MetricNotReported",
            "without reporting loss: print lines such as loss=0.5, flushed, or set "
            "spec.metrics.patterns\nlast lines:\nepoch 1\nbye",
            id="no metric",
        ),
        pytest.param(
            ended(0, observations=(Observation(step=1, non_finite={"loss": "NaN"}),)),
            "Failed",
            "NonFiniteObjective",
            "loss was NaN: a smaller learning rate",
            id="not a number",
        ),
        pytest.param(
            ended(1, observations=REPORTED, tail=("ValueError: bad",)),
            "Failed",
            "ContainerFailed",
            "container train ended with exit code 1\nlast lines:\nValueError: bad",
            id="exit code",
        ),
        pytest.param(
            ended(137),
            "Failed",
            "ContainerFailed",
            "container train ended with exit code 137 by signal 9",
            id="signal",
        ),
        pytest.param(
            ended(127, problem="cannot start 'python9': No such file or directory"),
            "Failed",
            "ContainerCannotStart",
            "container train: cannot start 'python9': No such file or directory",
            id="cannot start",
        ),
    ],
)
def test_how_a_process_ended_is_how_its_trial_did(
    found: Attempt, state: str, reason: str, words: str
) -> None:
    for before in (RUNNING, TrialStatus()):
        status = judged(before, found)
        assert (status.state, status.reason, status.attempts) == (state, reason, 1)
        assert words in status.message
        assert status.completion_time == at(4)
    assert (status.value == 0.25) is (state == "Succeeded")


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(None, id="its process is gone"),
        pytest.param(attempt(is_orphan=True), id="it runs, but nobody follows it"),
        pytest.param(attempt(stopping_since=at(3)), id="it was asked to end"),
    ],
)
def test_a_trial_whose_process_was_cut_short_waits_for_another(found: Attempt | None) -> None:
    status = judged(RUNNING, found)
    assert (status.state, status.reason, status.job_uid) == ("Pending", "Interrupted", None)
    assert judged(status, found) == status
    assert judged(TrialStatus(), None) == TrialStatus()


@pytest.mark.parametrize(
    ("terms", "first_start"),
    [
        (replace(TERMS, deadline=timedelta(seconds=30)), -25),
        (replace(TERMS, attempt_deadline=timedelta(seconds=5)), 0),
    ],
    ids=["of the Job, failed attempts included", "of the pod"],
)
def test_a_trial_that_takes_too_long_fails(terms: Terms, first_start: float) -> None:
    found = attempt(observations=REPORTED, series_started_at=at(first_start))
    assert judged(RUNNING, found, terms=terms, seconds=4.9).state == "Running"
    status = judged(RUNNING, found, terms=terms, seconds=5)
    assert (status.state, status.reason) == ("Failed", "DeadlineExceeded")
    assert "Raise activeDeadlineSeconds" in status.message


def test_a_failure_that_backoff_limit_allows_is_followed_by_another_attempt() -> None:
    terms = replace(TERMS, backoff_limit=1)
    retrying = judged(RUNNING, ended(3), terms=terms)
    assert (retrying.state, retrying.reason) == ("Pending", "Retrying")
    assert "failure 1 of 1" in retrying.message
    assert judged(retrying, ended(3), terms=terms, is_told=True) == retrying, "once is enough"
    second = judged(retrying, attempt(uid="a-2", failures=1), terms=terms)
    assert (second.state, second.attempts) == ("Running", 2)
    last = judged(second, ended(3, uid="a-2", failures=1), terms=terms)
    assert (last.state, last.reason) == ("Failed", "ContainerFailed")


def test_a_finished_trial_never_changes() -> None:
    done = judged(RUNNING, ended(0, observations=REPORTED))
    for found in (None, attempt(), ended(1), attempt(is_orphan=True)):
        assert judged(done, found) == done
