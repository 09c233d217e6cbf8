import gc
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from kubetune.kube.objects import (
    Job,
    Metadata,
    Object,
    OwnerReference,
    Page,
    Pod,
    Trial,
    micro_time,
)


def read(kind: type[Any], **parts: object) -> Any:
    return msgspec.json.decode(json.dumps(parts), type=kind)


def test_what_is_not_named_is_skipped_and_what_is_missing_has_its_default() -> None:
    pod = read(Pod, metadata={"name": "p", "managedFields": [{}]}, spec={"volumes": [{}]})
    assert pod.metadata.name == "p"
    assert pod.status.phase == "Pending"
    assert pod.spec.containers == []


def test_times_are_aware() -> None:
    job = read(Job, status={"startTime": "2026-01-02T03:04:05Z"})
    assert job.status.start_time == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_pod_tells_how_its_containers_fare() -> None:
    status = {
        "name": "train",
        "restartCount": 2,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
    }
    pod = read(Pod, status={"containerStatuses": [status], "initContainerStatuses": []})
    (train,) = pod.status.container_statuses
    assert train.state.waiting.reason == "CrashLoopBackOff"
    assert train.state.terminated is None
    assert (train.last_state.terminated.exit_code, train.restart_count) == (137, 2)


def test_a_trial_keeps_its_parameters_as_they_were_written() -> None:
    parameters = {"learning_rate": 1e-3, "hidden": 32, "activation": "relu"}
    trial = read(Trial, spec={"index": 4, "parameters": parameters, "runId": "r"})
    assert trial.spec.parameters == parameters
    assert [type(each) for each in trial.spec.parameters.values()] == [float, int, str]
    assert trial.spec.run_id == "r"


def test_a_trial_reads_observations_with_values_that_json_cannot_say() -> None:
    observation = {"step": 3, "metrics": {"accuracy": 1}, "nonFinite": {"loss": "NaN"}}
    trial = read(Trial, spec={"index": 0}, status={"observations": [observation]})
    (got,) = trial.status.observations
    assert (got.step, got.metrics, got.non_finite) == (3, {"accuracy": 1.0}, {"loss": "NaN"})


def test_the_controller_is_the_one_owner_that_manages() -> None:
    owners = [
        OwnerReference(api_version="v1", kind="X", name="x", uid="1"),
        OwnerReference(api_version="v1", kind="Y", name="y", uid="2", controller=True),
    ]
    assert Metadata(owner_references=owners).controller == owners[1]
    assert Metadata(owner_references=owners[:1]).controller is None


def test_an_object_that_was_never_stored_has_no_revision() -> None:
    assert Metadata().revision == 0
    assert Metadata(resource_version="17").revision == 17


def test_a_list_without_items_has_none() -> None:
    assert read(Page, metadata={"continue": "t"}, items=None).items is None


def test_objects_are_nothing_to_the_garbage_collector() -> None:
    job = read(Job, metadata={"name": "j"})
    assert not any(gc.is_tracked(each) for each in (job, job.metadata, job.spec, job.status))
    assert issubclass(Job, Object)


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 1, 2, 3, 4, 5, 67, tzinfo=UTC),
        datetime(2026, 1, 2, 5, 4, 5, 67, tzinfo=timezone(timedelta(hours=2))),
    ],
    ids=["utc", "elsewhere"],
)
def test_micro_time_is_utc_with_six_decimals(at: datetime) -> None:
    assert micro_time(at) == "2026-01-02T03:04:05.000067Z"
