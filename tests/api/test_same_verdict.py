"""The offline validation and the API server give the same verdict on random jobs.

As they are sent by kubectl: a whole float as a whole number, unknown fields refused.
"""

import itertools
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubetune.api.validation import validate, validate_update
from tests.api.dry_run import DryRun
from tests.api.job_builder import Manifest, changed, good_job
from tests.api.job_strategies import REGEXES, jobs, updates

pytestmark = pytest.mark.apiserver

CHECKED = settings(
    max_examples=400,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
LEAST_OF_EACH = 40
"""Verdicts of each kind, so that the test does not compare one kind only."""


def test_a_random_job_gets_the_same_verdict_in_the_same_words(dry_run: DryRun) -> None:
    verdicts = Counter[bool]()

    @CHECKED
    @given(jobs())
    def compare(job: Manifest) -> None:
        refusal = dry_run.refusal_of(job)
        faults = validate(job)
        verdicts[refusal is None] += 1

        assert (refusal is None) == (not faults), (job["spec"], refusal, faults)
        if refusal and says_everything(refusal):
            words = [fault.message for fault in faults if fault.rule != "schema"]
            assert [said for said in words if said not in refusal] == []

    compare()
    assert min(verdicts[True], verdicts[False]) >= LEAST_OF_EACH


def test_a_random_update_gets_the_same_verdict(dry_run: DryRun) -> None:
    verdicts = Counter[bool]()
    numbers = itertools.count()

    @settings(CHECKED, max_examples=200)  # Each one creates and deletes an object.
    @given(updates())
    def compare(pair: tuple[Manifest, Manifest]) -> None:
        name = f"random-{next(numbers)}"
        old, new = (changed(job, {"metadata.name": name, "spec.suspend": True}) for job in pair)
        if validate(old):
            return
        created = dry_run.create(old)
        refusal = dry_run.refusal_of_update(new)
        dry_run.delete(name)
        faults = validate_update(created, new)
        verdicts[refusal is None] += 1

        assert (refusal is None) == (not faults), (old["spec"], new["spec"], refusal, faults)

    compare()
    assert min(verdicts[True], verdicts[False]) >= LEAST_OF_EACH


def test_a_random_regular_expression_gets_the_same_verdict(dry_run: DryRun) -> None:
    verdicts = Counter[bool]()

    @CHECKED
    @given(st.lists(REGEXES, min_size=5, max_size=20))
    def compare(regexes: list[str]) -> None:
        patterns: list[Any] = [{"metric": "val_accuracy", "regex": regex} for regex in regexes]
        job = changed(good_job(), {"spec.metrics.patterns": patterns})
        refusal = dry_run.refusal_of(job) or ""
        bad = {fault.path.removesuffix(".regex") for fault in validate(job)}

        for index, regex in enumerate(regexes):
            at = f"spec.metrics.patterns[{index}]"
            verdicts[at in bad] += 1
            assert (at in bad) == (at in refusal), (regex, refusal)

    compare()
    assert min(verdicts[True], verdicts[False]) >= LEAST_OF_EACH


def says_everything(refusal: str) -> bool:
    """False where the API server stops at the schema's faults."""
    return not (
        "some validation rules were not checked" in refusal
        or refusal.startswith("TuningJob in version")
    )
