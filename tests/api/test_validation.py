"""The offline validation: every fault at once, read as the API server reads."""

import json
from datetime import date
from typing import Any

import pytest

from kubetune.api.parameters import ParameterType
from kubetune.api.tuningjob import MetricsSource
from kubetune.api.validation import parse_spec, validate
from kubetune.errors import SpecError
from tests.api.job_builder import POD, REMOVED, changed, good_job


def faults_of(changes: dict[str, Any]) -> list[str]:
    return [str(fault) for fault in validate(changed(good_job(), changes))]


def test_every_fault_is_found_at_once() -> None:
    got = validate(
        changed(
            good_job("Digits"),
            {
                "kind": "TuningJobs",
                "spec.objective.goal": "Up",
                "spec.parameters[0].min": 2,
                "spec.parameters[1].type": "Int",
                "spec.strategy.hyperband.minResource": 27,
                "spec.limits.maxRuntime": "1d",
                "spec.suspended": True,
                f"{POD}.restartPolicy": "Always",
            },
        )
    )

    assert {(fault.path, fault.rule) for fault in got} == {
        ("kind", "schema"),
        ("metadata.name", "job-name-malformed"),
        ("spec.objective.goal", "schema"),
        ("spec.parameters[0].min", "parameter-min-not-below-max"),
        ("spec.parameters[1].type", "schema"),
        ("spec.strategy.hyperband.minResource", "min-resource-not-below-max-resource"),
        ("spec.limits.maxRuntime", "maxRuntime-malformed"),
        ("spec.suspended", "schema"),
        (f"{POD}.restartPolicy", "restart-policy-not-never"),
    }


def test_a_rule_between_two_fields_waits_only_for_these_to_be_well_formed() -> None:
    grid = {"spec.strategy": {"type": "Grid"}, "spec.objective.goal": "Up"}

    assert any("spec.parameters[lr].step is missing" in fault for fault in faults_of(grid))
    assert not any("step is missing" in f for f in faults_of({**grid, "spec.parameters[1]": 3}))


@pytest.mark.parametrize(
    ("changes", "want"),
    [
        pytest.param({"spec": REMOVED}, "spec is missing: add it", id="no spec"),
        pytest.param({"spec": []}, "spec is [] but must be an object", id="a list for the spec"),
        pytest.param({"metadata": REMOVED}, "metadata is missing: add it", id="no metadata"),
        pytest.param({"metadata.name": REMOVED}, "metadata.name is missing", id="no name"),
        pytest.param({"apiVersion": "v1"}, 'apiVersion is "v1" but must be', id="another version"),
        pytest.param({"specs": {}}, "specs is not a field", id="an unknown field beside the spec"),
        pytest.param(
            {"spec.limits.maxTrials": 2.5},
            "spec.limits.maxTrials is 2.5 but must be a whole number",
            id="half a trial",
        ),
        pytest.param(
            {"spec.completion": {"target": float("inf")}},
            "spec.completion.target is Infinity but must be a finite number",
            id="an infinite target",
        ),
        pytest.param(
            {"spec.objective.metric": "x" * 99},
            "spec.objective.metric must have from 1 to 63 characters",
            id="a text that is too long",
        ),
        pytest.param(
            {"spec.limits.maxRuntime": date(2026, 1, 1)},
            'spec.limits.maxRuntime "2026-01-01" is not a duration',
            id="a date, which YAML makes of some texts",
        ),
        pytest.param(
            {"spec.parameters": "x" * 99},
            f'spec.parameters is "{"x" * 58}… but must be a list',
            id="a long value, which is shortened",
        ),
    ],
)
def test_a_fault_of_the_schema_is_said_in_words(changes: dict[str, Any], want: str) -> None:
    got = faults_of(changes)

    assert [fault for fault in got if want in fault], got


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"metadata": {"generateName": "digits-"}}, id="a generated name"),
        pytest.param({"status": {"anything": 1}}, id="a status, which is not looked at"),
        pytest.param({"spec.limits.maxTrials": 60.0}, id="a whole number with a point"),
        pytest.param({"spec.retention": None}, id="a null for an object with defaults"),
        pytest.param({"spec.trial.template.spec.x": None}, id="a null inside the template"),
    ],
)
def test_what_the_api_server_reads_as_good_is_good(changes: dict[str, Any]) -> None:
    assert faults_of(changes) == []


def test_a_spec_becomes_a_model_with_defaults() -> None:
    spec = parse_spec({**good_job()["spec"], "metrics": None, "limits": {"maxTrials": 9.0}})

    assert spec.parameters[1].type is ParameterType.INTEGER
    assert spec.metrics.source is MetricsSource.STDOUT
    assert (spec.limits.max_trials, spec.limits.max_pending_time) == (9, "1h")
    assert spec.trial.template == good_job()["spec"]["trial"]["template"]


def test_a_bad_spec_raises_with_all_of_its_faults() -> None:
    bad = changed(good_job(), {"spec.limits.maxTrials": 7, "spec.runId": "A"})["spec"]

    with pytest.raises(SpecError) as raised:
        parse_spec(bad)

    assert raised.value.reason == "InvalidSpec"
    assert [fault.split(" ")[0] for fault in raised.value.faults] == [
        "spec.limits.maxParallelTrials",
        "spec.runId",
    ]


def test_a_text_that_json_cannot_carry_is_a_fault_and_no_crash() -> None:
    got = faults_of({"spec.objective.metric": "\ud800"})

    assert [fault for fault in got if fault.startswith("spec is ") and "Invalid JSON" in fault]


def test_validation_survives_a_round_trip_through_json() -> None:
    assert validate(json.loads(json.dumps(good_job()))) == ()
