"""What a trial reported by its end: taken from its last words, not finite, or missing."""

import pytest

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.controller.outcomes import judge
from tests.controller.builders import NOW, make_job, make_observation, make_pod, make_view
from tests.controller.ended_trials import collector, running_trial
from tests.controller.pod_states import ended, job_complete, job_failed
from tests.controller.specs import make_spec


def test_the_collectors_last_words_are_added_to_what_it_reported() -> None:
    last = {"step": 3, "metrics": {"accuracy": 0.9}}
    view = make_view(
        running_trial(values={1: 0.5}),
        make_job(0, job_complete()),
        make_pod(0, "Succeeded", ended(0), collector(last)),
    )
    status = judge(view, make_spec(), rungs=(), now=NOW).status
    assert (status.value, status.step) == (0.9, 3)
    assert [o.step for o in status.observations] == [1, 3]


def test_what_a_failed_trial_reported_at_last_is_kept() -> None:
    last = {"step": 3, "metrics": {"accuracy": 0.9}}
    view = make_view(
        running_trial(),
        make_job(0, job_failed()),
        make_pod(0, "Failed", ended(1), collector(last)),
    )
    status = judge(view, make_spec(), rungs=(), now=NOW).status
    assert (status.state, status.step) == ("Failed", 3)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_an_objective_that_is_not_finite_fails_the_trial_and_names_the_word(word: str) -> None:
    trial = running_trial(observations=[make_observation(1, 0.5), make_observation(2, word=word)])
    view = make_view(trial, make_job(0, job_complete()), make_pod(0, "Succeeded", ended(0)))
    status = judge(view, make_spec(), rungs=(), now=NOW).status
    assert (status.state, status.reason) == ("Failed", "NonFiniteObjective")
    assert f"accuracy was {word}" in status.message
    assert status.value is None


def test_with_best_a_trial_that_ends_with_nan_keeps_its_best_value() -> None:
    trial = running_trial(observations=[make_observation(1, 0.5), make_observation(2, word="NaN")])
    view = make_view(trial, make_job(0, job_complete()), make_pod(0, "Succeeded", ended(0)))
    status = judge(view, make_spec(value="Best"), rungs=(), now=NOW).status
    assert (status.state, status.value) == ("Succeeded", 0.5)


@pytest.mark.parametrize(
    ("spec", "want_remedy"),
    [
        pytest.param(
            make_spec(),
            "print lines such as accuracy=0.5, flushed, or set spec.metrics.patterns",
            id="Stdout: print lines",
        ),
        pytest.param(
            make_spec(source="File"),
            "write lines such as accuracy=0.5 to /metrics/log.txt",
            id="File: write lines to that path",
        ),
        pytest.param(
            make_spec(source="Annotation"),
            'set the pod annotation kubetune.dev/metrics to JSON such as {"step": 1, "accuracy"',
            id="Annotation: set the annotation",
        ),
    ],
)
def test_a_metric_that_was_never_reported_is_said_with_the_remedy_of_its_source(
    spec: TuningJobSpec, want_remedy: str
) -> None:
    view = make_view(
        running_trial(), make_job(0, job_complete()), make_pod(0, "Succeeded", ended(0))
    )
    verdict = judge(view, spec, rungs=(), now=NOW)
    status = verdict.status
    assert (status.state, status.reason) == ("MetricsUnavailable", "MetricNotReported")
    assert want_remedy in status.message
    assert verdict.wants_log


def test_the_end_of_the_log_that_the_collector_left_is_quoted_and_no_other_is_asked_for() -> None:
    view = make_view(
        running_trial(),
        make_job(0, job_complete()),
        make_pod(0, "Succeeded", ended(0), collector(tail=("epoch 1", "acc: 0.9", " "))),
    )
    verdict = judge(view, make_spec(), rungs=(), now=NOW)
    assert verdict.status.message.endswith("last lines:\nepoch 1\nacc: 0.9")
    assert not verdict.wants_log


def test_the_metrics_that_were_reported_instead_are_named() -> None:
    view = make_view(
        running_trial(observations=[make_observation(1, others={"loss": 0.5, "acc": 0.9})]),
        make_job(0, job_complete()),
        make_pod(0, "Succeeded", ended(0)),
    )
    status = judge(view, make_spec(), rungs=(), now=NOW).status
    assert "without reporting accuracy (it reported acc, loss)" in status.message


def test_an_annotation_that_is_no_json_is_the_hint() -> None:
    view = make_view(
        running_trial(),
        make_job(0, job_complete()),
        make_pod(0, "Succeeded", ended(0), metrics="accuracy=0.9"),
    )
    status = judge(view, make_spec(source="Annotation"), rungs=(), now=NOW).status
    assert status.state == "MetricsUnavailable"
    assert "the annotation is not JSON" in status.message
