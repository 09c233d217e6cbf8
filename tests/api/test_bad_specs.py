"""Every bad spec is refused, offline and by the API server, with the field and the remedy."""

from typing import Any

import pytest

from kubetune.api.rules import RULES
from kubetune.api.validation import validate
from tests.api.bad_specs.bad_spec import GRID, RANDOM, BadSpec
from tests.api.bad_specs.table import BAD_SPECS
from tests.api.dry_run import DryRun
from tests.api.job_builder import POD, REMOVED, Manifest, changed, good_job

STEPLESS_GRID = {**GRID, "spec.parameters[0].step": 0.1, "spec.parameters[0].scale": REMOVED}
ONE_PATTERN = [{"metric": "val_accuracy", "regex": r"(?i)acc: *(?P<value>[-+.\dA-Fe]{1,20}?)\b"}]

GOOD_CHANGES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a grid that leaves the number of trials to the combinations": {
        **STEPLESS_GRID,
        "spec.limits": REMOVED,
    },
    "random search that ends by its runtime": {**RANDOM, "spec.limits": {"maxRuntime": "90s"}},
    "random search that ends by its target": {
        **RANDOM,
        "spec.limits": REMOVED,
        "spec.completion": {"target": 0.98},
    },
    "random search that ends when nothing improves": {
        **RANDOM,
        "spec.limits.maxTrials": REMOVED,
        "spec.completion": {"notImproving": {"trials": 5}},
    },
    "quasi-random search with the median rule": {
        **RANDOM,
        "spec.strategy.random": {"sequence": "Quasirandom"},
        "spec.earlyStopping": {"type": "Auto"},
    },
    "the median rule without its guards": {
        **RANDOM,
        "spec.earlyStopping": {
            "type": "Auto",
            "median": {"minTrials": 0, "minStep": 0, "compare": "RunningAverage"},
        },
    },
    "a length that the template says": {"spec.strategy.hyperband": {}},
    "as many brackets as rungs": {
        "spec.strategy.hyperband.maxResource": 243,
        "spec.strategy.hyperband.brackets": 6,
    },
    "a reversed logarithm from zero to just below one": {
        "spec.parameters[0].scale": "ReverseLog",
        "spec.parameters[0].min": 0,
        "spec.parameters[0].max": 0.999999,
    },
    "initial trials, complete, in part and empty": {
        "spec.initialTrials": [
            {"parameters": {"lr": 0.1, "hidden": 64, "activation": "relu"}},
            {"parameters": {"lr": 0.2}},
            {"parameters": {}},
        ]
    },
    "a warm start": {
        "spec.warmStart": {
            "from": ["a", "b", "c", "d", "e"],
            "type": "IdenticalDataAndAlgorithm",
            "fixed": {"momentum": 0.9, "optimiser": "sgd"},
        }
    },
    "a step as large as the range": {"spec.parameters[1].step": 240},
    "an integer as large as floats count exactly": {"spec.parameters[1].max": 2**53},
    "metrics from a file": {"spec.metrics": {"source": "File", "path": "/metrics/log.txt"}},
    "metrics from an annotation": {"spec.metrics": {"source": "Annotation"}},
    "patterns": {"spec.metrics.patterns": ONE_PATTERN},
    "an empty list of patterns": {"spec.metrics.patterns": []},
    "the longest runtime": {"spec.limits.maxRuntime": "87600h"},
    "a runtime in all units": {"spec.limits.maxRuntime": "01h02m03s"},
    "pods that say that they never restart": {f"{POD}.restartPolicy": "Never"},
    "nulls for absent fields": {
        "spec.limits.maxRuntime": None,
        "spec.metrics": None,
        "spec.suspend": None,
        f"{POD}.restartPolicy": None,
        "spec.parameters[0].step": None,
    },
    "the longest name": {"metadata.name": "d" * 63},
}


@pytest.fixture(params=list(GOOD_CHANGES.values()), ids=list(GOOD_CHANGES))
def good(request: pytest.FixtureRequest) -> Manifest:
    return changed(good_job(), request.param)


@pytest.fixture(params=BAD_SPECS, ids=lambda bad: bad.id)
def bad(request: pytest.FixtureRequest) -> BadSpec:
    spec: BadSpec = request.param
    return spec


def test_a_good_spec_has_no_faults(good: Manifest) -> None:
    assert validate(good) == ()


@pytest.mark.apiserver
def test_the_api_server_accepts_a_good_spec(good: Manifest, dry_run: DryRun) -> None:
    assert dry_run.refusal_of(good) is None


def test_a_bad_spec_is_refused_with_field_and_remedy(bad: BadSpec) -> None:
    faults = validate(changed(good_job(), bad.changes))

    got = [fault.message for fault in faults if fault.rule == bad.rule]
    assert [message for message in got if bad.field in message and bad.remedy in message], faults


@pytest.mark.apiserver
def test_the_api_server_refuses_a_bad_spec_with_field_and_remedy(
    bad: BadSpec, dry_run: DryRun
) -> None:
    refusal = dry_run.refusal_of(changed(good_job(), bad.changes))

    assert refusal is not None
    assert bad.field in refusal
    assert (bad.server or bad.remedy) in refusal


@pytest.mark.apiserver
def test_the_api_server_says_what_the_offline_validation_says(
    bad: BadSpec, dry_run: DryRun
) -> None:
    manifest = changed(good_job(), bad.changes)
    refusal = dry_run.refusal_of(manifest)

    assert refusal is not None
    if "some validation rules were not checked" not in refusal:
        by_rule = [fault.message for fault in validate(manifest) if fault.rule != "schema"]
        assert [message for message in by_rule if message not in refusal] == []


def test_every_rule_refuses_a_spec_of_the_table() -> None:
    assert {rule.name for rule in RULES} == {bad.rule for bad in BAD_SPECS} - {"schema"}


def test_a_bad_spec_of_the_table_breaks_no_other_rule_by_accident() -> None:
    """Except where one fault cannot be had without another."""
    got = {
        bad.id: sorted({fault.rule for fault in validate(changed(good_job(), bad.changes))})
        for bad in BAD_SPECS
    }
    assert {id_: rules for id_, rules in got.items() if len(rules) > 1} == {
        "the same parameter twice": ["parameters-share-a-variable", "schema"]
    }
