"""What only a real API server can show: defaults, merging, pruning, columns, selection."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.dry_run import DryRun
from tests.api.job_builder import POD, changed, good_job
from tests.conftest import TestCluster

pytestmark = pytest.mark.apiserver


@pytest.fixture
def home(dry_run: DryRun, crds: TestCluster) -> Iterator[str]:
    """The namespace of these tests, without jobs and trials afterwards."""
    yield dry_run.namespace
    crds.kubectl("delete", "tuningjobs,trials", "--all", "-n", dry_run.namespace)


def trial(name: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "kubetune.dev/v1alpha1",
        "kind": "Trial",
        "metadata": {"name": name},
        "spec": {
            "tuningJob": "digits",
            "index": 0,
            "parameters": {"lr": 0.1, "hidden": 3, "activation": "relu"},
            **spec,
        },
    }


def apply(crds: TestCluster, home: str, manifest: dict[str, Any], *flags: str) -> str:
    answer = crds.kubectl(
        "apply", "-n", home, *flags, "-f", "-", stdin=json.dumps(manifest), check=False
    )
    return answer.stdout + answer.stderr


def test_an_unchanged_manifest_changes_nothing(crds: TestCluster, home: str) -> None:
    manifest = changed(good_job(), {"spec.limits.maxTrials": 60.0, "spec.metrics": None})
    generations = []
    for _ in range(2):
        apply(crds, home, manifest, "--validate=strict")
        (job,) = crds.get("tuningjobs", "-n", home)
        generations.append(job["metadata"]["generation"])

    assert generations == [1, 1]
    assert job["spec"]["limits"] == {
        "maxTrials": 60,
        "maxParallelTrials": 8,
        "maxInitialFailures": 5,
        "maxPendingTime": "1h",
    }


def test_server_side_apply_of_an_unchanged_manifest_changes_nothing(
    crds: TestCluster, home: str
) -> None:
    for _ in range(2):
        apply(crds, home, good_job(), "--server-side")
    (job,) = crds.get("tuningjobs", "-n", home)

    assert job["metadata"]["generation"] == 1


def test_strict_validation_names_an_unknown_field(crds: TestCluster, home: str) -> None:
    misspelt = changed(good_job(), {"spec.strategy.hyperband.maxResources": 81})

    said = apply(crds, home, misspelt, "--validate=strict")

    assert 'unknown field "spec.strategy.hyperband.maxResources"' in said
    assert crds.get("tuningjobs", "-n", home) == []


@pytest.mark.usefixtures("home")
def test_a_template_keeps_what_the_schema_does_not_declare(dry_run: DryRun) -> None:
    job = changed(
        good_job(),
        {
            "spec.trial.template.metadata": {"labels": {"a": "b"}},
            f"{POD}.tolerations": [{"key": "gpu", "operator": "Exists"}],
            f"{POD}.containers[0].env": [{"name": "A", "value": "1"}],
        },
    )

    stored = dry_run.create(job)

    assert stored["spec"]["trial"] == job["spec"]["trial"]


@pytest.mark.usefixtures("home")
def test_a_new_job_has_not_been_looked_at(dry_run: DryRun) -> None:
    assert dry_run.create(good_job())["status"] == {"observedGeneration": -1}


def test_a_trial_is_pending_at_first_and_its_spec_never_changes(
    crds: TestCluster, home: str
) -> None:
    apply(crds, home, trial("digits-0"))
    (stored,) = crds.get("trials", "-n", home)

    for change in ({"index": 1}, {"parameters": {"lr": 0.2}}, {"resource": 9}):
        assert "spec of a Trial can't be changed" in apply(crds, home, trial("digits-0", **change))
    assert "unchanged" in apply(crds, home, trial("digits-0"))
    assert stored["status"] == {"state": "Pending", "attempts": 0}


def test_trials_are_selected_by_job_and_state(crds: TestCluster, home: str) -> None:
    apply(crds, home, trial("digits-0"))
    apply(crds, home, trial("other-0", tuningJob="other"))
    running = {"status": {"state": "Running"}}
    patch = ("trial", "digits-0", "-n", home, "--subresource=status", "--type=merge")
    crds.kubectl("patch", *patch, "-p", json.dumps(running))

    def names(selector: str) -> list[str]:
        found = crds.get("trials", "-n", home, "--field-selector", selector)
        return [item["metadata"]["name"] for item in found]

    assert names("spec.tuningJob=other") == ["other-0"]
    assert names("spec.tuningJob=digits,status.state=Running") == ["digits-0"]
    assert names("spec.tuningJob=digits,status.state=Pending") == []


def test_a_trial_is_listed_with_its_parameters(crds: TestCluster, home: str) -> None:
    apply(crds, home, trial("digits-0"))

    header, row = crds.kubectl("get", "trl", "-n", home).stdout.splitlines()

    assert header.split() == ["NAME", "STATE", "STEP", "VALUE", "PARAMETERS", "REASON", "AGE"]
    assert row.split()[:3] == [
        "digits-0",
        "Pending",
        '{"activation":"relu","hidden":3,"lr":0.1}',
    ]


def test_both_kinds_are_found_by_short_name_and_category(crds: TestCluster, home: str) -> None:
    apply(crds, home, good_job())
    apply(crds, home, trial("digits-0"))

    assert [job["metadata"]["name"] for job in crds.get("tj", "-n", home)] == ["digits"]
    assert {item["kind"] for item in crds.get("kubetune", "-n", home)} == {"TuningJob", "Trial"}


def test_a_run_id_of_an_earlier_run_is_refused(
    crds: TestCluster, dry_run: DryRun, home: str
) -> None:
    dry_run.create(changed(good_job(), {"spec.runId": "b"}))
    earlier = {"runId": "a", "phase": "Complete", "trials": {}}
    patch = ("tj", "digits", "-n", home, "--subresource=status", "--type=merge")
    crds.kubectl("patch", *patch, "-p", json.dumps({"status": {"previousRuns": [earlier]}}))

    refusal = dry_run.refusal_of_update(changed(good_job(), {"spec.runId": "a"}))

    assert 'spec.runId "a" is the name of an earlier run' in str(refusal)
    assert dry_run.refusal_of_update(changed(good_job(), {"spec.runId": "c"})) is None


def test_a_job_without_a_name_of_its_own_gets_one_that_fits(dry_run: DryRun) -> None:
    job = good_job()
    job["metadata"] = {"generateName": "digits-"}

    assert dry_run.refusal_of(job) is None


@pytest.mark.usefixtures("home")
def test_the_largest_job_stays_within_the_api_servers_cost_limits(dry_run: DryRun) -> None:
    metrics = ["val_accuracy", *(f"m{n}".ljust(63, "x") for n in range(10))]
    values = [f"v{n}".ljust(200, "x") for n in range(100)]
    regex = f"(?P<value>a)|{'(' * 121}{')' * 121}"
    job = changed(
        good_job("d" * 63),
        {
            "spec.objective.additionalMetrics": metrics[1:],
            "spec.parameters": [
                {"name": f"p{n}".ljust(63, "x"), "type": "Categorical", "values": values}
                for n in range(50)
            ],
            "spec.metrics.patterns": [
                {"metric": metrics[n % 11], "regex": regex} for n in range(20)
            ],
            f"{POD}.containers": [{"name": f"c{n}".ljust(63, "x")} for n in range(50)],
        },
    )
    dry_run.create(job)

    assert dry_run.refusal_of_update({**job, "spec": {**job["spec"], "runId": "b"}}) is None
    refusal = dry_run.refusal_of_update(changed(job, {"spec.parameters[49].values[99]": "w"}))
    assert "spec.parameters can't be changed within a run" in str(refusal)
