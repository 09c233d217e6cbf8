"""What may change in a running job and what may not, offline and by the API server."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from kubetune.api.rules_updates import UPDATE_RULES
from kubetune.api.validation import validate_update
from tests.api.allowed_updates import ALLOWED
from tests.api.dry_run import DryRun
from tests.api.job_builder import changed, good_job
from tests.api.refused_updates import REFUSED
from tests.api.updates import Update

_numbers = itertools.count()

Pair = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture(params=(*ALLOWED, *REFUSED), ids=lambda update: update.id)
def update(request: pytest.FixtureRequest) -> Update:
    found: Update = request.param
    return found


@pytest.fixture
def offline(update: Update) -> Pair:
    old = changed(good_job(), update.before)
    return old, changed(old, update.changes)


@pytest.fixture
def stored(update: Update, dry_run: DryRun) -> Iterator[Pair]:
    """The job as the API server has it, and as an unchanged manifest would change it."""
    old = changed(good_job(f"update-{next(_numbers)}"), update.before)
    created = dry_run.create(old)
    yield created, changed(old, update.changes)
    dry_run.delete(old["metadata"]["name"])


def test_an_update_is_refused_with_field_and_remedy_or_allowed(
    update: Update, offline: Pair
) -> None:
    faults = validate_update(*offline)

    assert [fault.rule for fault in faults] == ([update.rule] if update.rule else [])
    assert all(update.field in fault.message for fault in faults)
    assert all(update.remedy in fault.message for fault in faults)


@pytest.mark.apiserver
def test_the_api_server_says_the_same_about_an_update(
    update: Update, stored: Pair, dry_run: DryRun
) -> None:
    want = [fault.message for fault in validate_update(*stored)]
    refusal = dry_run.refusal_of_update(stored[1])

    assert bool(want) == bool(update.rule)
    assert (refusal is not None) == bool(want)
    assert [message for message in want if message not in str(refusal)] == []


def test_a_run_id_of_an_earlier_run_is_refused() -> None:
    old = changed(
        good_job(),
        {"spec.runId": "b", "status": {"previousRuns": [{"runId": "a"}, {"phase": "Failed"}]}},
    )

    assert validate_update(old, changed(old, {"spec.runId": "c"})) == ()
    faults = validate_update(old, changed(old, {"spec.runId": "a"}))
    assert [fault.rule for fault in faults] == ["run-id-used-before"]
    assert 'spec.runId "a" is the name of an earlier run' in faults[0].message
    assert "set one that was not used before" in faults[0].message


def test_every_rule_about_updates_refuses_one_of_the_table() -> None:
    tested_alone = {"run-id-used-before"}
    assert {rule.name for rule in UPDATE_RULES} - tested_alone == {u.rule for u in REFUSED}


def test_faults_of_the_new_spec_itself_are_said_as_well() -> None:
    old = good_job()
    new = changed(old, {"spec.strategy.seed": 8, "spec.limits.maxTrials": 1})

    got = [fault.rule for fault in validate_update(old, new)]
    assert got == ["more-parallel-than-trials", "strategy-changed"]


def test_a_malformed_new_spec_is_said_without_guessing_what_changed() -> None:
    new = changed(good_job(), {"spec.strategy": "Random"})

    assert [fault.rule for fault in validate_update(good_job(), new)] == ["schema"]
