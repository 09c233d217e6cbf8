"""Metrics that training code writes to its own pod's annotation: when they are copied, and how."""

import json
from datetime import datetime
from typing import Any

import pytest

from kubetune.controller.outcomes import judge
from kubetune.kube.objects import Observation, Pod, Trial
from kubetune.record.verdict import Verdict
from tests.controller.builders import (
    NOW,
    ago,
    later,
    make_job,
    make_observation,
    make_pod,
    make_trial,
    make_view,
)
from tests.controller.pod_states import ended, job_complete, running
from tests.controller.specs import make_spec

START = ago(30)


def reported(values: dict[int, float]) -> str:
    return json.dumps([{"step": step, "accuracy": value} for step, value in values.items()])


def training(text: str | None) -> Pod:
    return make_pod(0, "Running", running(), metrics=text)


def known(*observations: Observation, message: str = "", started: datetime = START) -> Trial:
    return make_trial(
        0,
        "Running",
        observations=observations,
        job_uid="job-0",
        attempts=1,
        reason="Training",
        message=message,
        started=started,
    )


def look(
    trial: Trial, pod: Pod, *, rungs: tuple[int, ...] = (), now: datetime = NOW, **fields: Any
) -> Verdict:
    spec = make_spec(source="Annotation", **fields)
    return judge(make_view(trial, make_job(), pod), spec, rungs=rungs, now=now)


def values(verdict: Verdict) -> dict[int, float]:
    return {o.step: o.metrics["accuracy"] for o in verdict.status.observations}


def test_the_first_report_is_copied_at_once_if_it_took_its_time() -> None:
    verdict = look(known(), training(reported({1: 0.5})))
    assert values(verdict) == {1: 0.5}


def test_reports_of_the_first_five_seconds_are_copied_together() -> None:
    trial = known(started=ago(2))
    pod = make_pod(0, "Running", running(since=ago(2)), metrics=reported({1: 0.5}))
    verdict = look(trial, pod)
    assert verdict.status == trial.status
    assert verdict.wake_at == later(3)
    assert values(look(trial, pod, rungs=(1, 3, 9))) == {1: 0.5}


def test_news_within_five_seconds_waits_and_the_trial_is_looked_at_again_then() -> None:
    trial = known(make_observation(1, 0.5, at=ago(2)))
    verdict = look(trial, training(reported({1: 0.5, 2: 0.6})))
    assert verdict.status == trial.status
    assert verdict.wake_at == later(3)


def test_news_after_five_seconds_is_copied() -> None:
    trial = known(make_observation(1, 0.5, at=ago(5)))
    verdict = look(trial, training(reported({2: 0.6})))
    assert values(verdict) == {1: 0.5, 2: 0.6}


def test_a_rung_is_copied_at_once() -> None:
    trial = known(make_observation(2, 0.5, at=ago(1)))
    assert values(look(trial, training(reported({3: 0.6})), rungs=(1, 3, 9))) == {2: 0.5, 3: 0.6}


def test_a_report_that_jumps_over_a_rung_is_copied_at_once() -> None:
    trial = known(make_observation(2, 0.5, at=ago(1)))
    assert values(look(trial, training(reported({7: 0.6})), rungs=(1, 3, 9))) == {2: 0.5, 7: 0.6}


def test_the_same_annotation_again_is_no_news() -> None:
    trial = known(make_observation(1, 0.5, at=ago(60)))
    verdict = look(trial, training(reported({1: 0.5})))
    assert verdict == Verdict(status=trial.status)


def test_steps_that_go_back_are_put_in_order_and_take_nothing_away() -> None:
    trial = known(make_observation(5, 0.5, at=ago(60)))
    assert values(look(trial, training(reported({2: 0.2})))) == {2: 0.2, 5: 0.5}


@pytest.mark.parametrize(
    ("text", "want_message"),
    [
        pytest.param("loss=1", "the annotation is not JSON: Expecting value", id="no JSON"),
        pytest.param('{"accuracy": 1}', '{"accuracy": 1} is not an object such as', id="no step"),
    ],
)
def test_an_annotation_that_cannot_be_read_is_said_while_the_trial_runs(
    text: str, want_message: str
) -> None:
    status = look(known(), training(text)).status
    assert (status.state, status.reason) == ("Running", "Training")
    assert status.message.startswith(want_message)


def test_a_fault_is_taken_back_when_the_annotation_is_mended() -> None:
    trial = known(message="the annotation is not JSON")
    assert look(trial, training(reported({1: 0.5}))).status.message == ""


def test_at_the_end_everything_is_copied_at_once() -> None:
    trial = known(make_observation(1, 0.5, at=ago(1)))
    pod = make_pod(0, "Succeeded", ended(0), metrics=reported({2: 0.7}))
    view = make_view(trial, make_job(0, job_complete()), pod)
    status = judge(view, make_spec(source="Annotation"), rungs=(), now=NOW).status
    assert (status.state, status.value, status.step) == ("Succeeded", 0.7, 2)


@pytest.mark.parametrize("goal", ["Maximize", "Minimize"])
def test_with_best_the_best_of_a_thousand_steps_is_the_value_however_they_are_thinned(
    goal: str,
) -> None:
    spec = make_spec(source="Annotation", value="Best", goal=goal)
    best = 1.0 if goal == "Maximize" else -1.0
    for peak in (301, 302, 303, 304):
        series = {step: best if step == peak else 0.0 for step in range(1000)}
        trial = known()
        for until in (350, 700, 1000):
            text = reported(dict(list(series.items())[until - 350 : until]))
            view = make_view(trial, make_job(), training(text))
            now = later(until)
            trial = known(*judge(view, spec, rungs=(), now=now).status.observations)
        pod = make_pod(0, "Succeeded", ended(0), metrics=reported({999: 0.0}))
        view = make_view(trial, make_job(0, job_complete()), pod)
        assert judge(view, spec, rungs=(), now=later(2000)).status.value == best


def test_an_annotation_says_nothing_where_another_source_was_chosen() -> None:
    view = make_view(known(), make_job(), training(reported({1: 0.5})))
    assert judge(view, make_spec(), rungs=(), now=NOW).status.observations == []
