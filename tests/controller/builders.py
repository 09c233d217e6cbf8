"""Builders of what the controller reads: everything has a default, so a test names what matters.

Names and uids go together: trial 3 is `digits-3` with uid `trial-3`, its Job has uid `job-3`.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from kubetune.api.names import (
    ANNOTATION_METRICS,
    API_VERSION,
    COLLECTOR_CONTAINER,
    COMPLETION_INDEX,
    LABEL_INDEX,
    LABEL_TRIAL,
    LABEL_TUNING_JOB,
    trial_name,
)
from kubetune.controller.snapshot import TrialView
from kubetune.kube.objects import (
    Condition,
    ContainerStatus,
    Job,
    JobSpec,
    JobStatus,
    Metadata,
    Observation,
    OwnerReference,
    Pod,
    PodStatus,
    Trial,
    TrialSpec,
    TrialStatus,
)
from tests.controller.specs import spec_fields

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
A_MINUTE_AGO = NOW - timedelta(seconds=60)
NAMESPACE = "team-a"
NAME = "digits"
UID = "uid-digits"


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def make_body(
    spec: Mapping[str, Any] | None = None,
    *,
    name: str = NAME,
    uid: str = UID,
    generation: int = 1,
    status: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A TuningJob as the API server gives it."""
    return {
        "apiVersion": API_VERSION,
        "kind": "TuningJob",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "uid": uid,
            "generation": generation,
            "resourceVersion": "1",
        },
        "spec": dict(spec) if spec is not None else spec_fields(),
        "status": dict(status) if status is not None else {"observedGeneration": -1},
    }


def make_observation(
    step: int,
    value: float | None = None,
    *,
    word: str | None = None,
    others: Mapping[str, float] | None = None,
    at: datetime | None = NOW,
) -> Observation:
    """An observation of the objective; `word` says NaN or Infinity instead of a value."""
    return Observation(
        step=step,
        time=at,
        metrics={**({} if value is None else {"accuracy": value}), **(others or {})},
        non_finite={} if word is None else {"accuracy": word},
    )


def make_trial(
    index: int = 0,
    state: str = "Pending",
    values: Mapping[int, float] | None = None,
    *,
    observations: Sequence[Observation] = (),
    job_uid: str | None = None,
    owner: str = UID,
    run_id: str | None = None,
    version: int = 1,
    reason: str = "",
    message: str = "",
    attempts: int = 0,
    value: float | None = None,
    step: int | None = None,
    started: datetime | None = None,
    completed: datetime | None = None,
    resource: int | None = None,
) -> Trial:
    """A Trial; `values` are finite observations of the objective by step."""
    name = trial_name(NAME, run_id, index)
    listed = [make_observation(s, v) for s, v in sorted((values or {}).items())]
    return Trial(
        metadata=Metadata(
            name=name,
            namespace=NAMESPACE,
            uid=f"trial-{index}" if run_id is None else f"trial-{run_id}-{index}",
            resource_version=str(version),
            labels=_labels(name, index),
            owner_references=[_owner("TuningJob", NAME, owner)],
            creation_timestamp=ago(3600),
        ),
        spec=TrialSpec(index=index, parameters={"lr": 0.1}, run_id=run_id, resource=resource),
        status=TrialStatus(
            state=state,
            observations=[*observations, *listed],
            job_uid=job_uid,
            reason=reason,
            message=message,
            attempts=attempts,
            value=value,
            step=step,
            start_time=started,
            completion_time=completed,
        ),
    )


def make_job(
    index: int = 0,
    *conditions: Condition,
    owner: str | None = None,
    suspended: bool = False,
    created: datetime = A_MINUTE_AGO,
    started: datetime | None = A_MINUTE_AGO,
    deleted: datetime | None = None,
    completions: int | None = 1,
) -> Job:
    """The Job of a trial; `owner` is a uid that is not the trial's."""
    name = trial_name(NAME, None, index)
    return Job(
        metadata=Metadata(
            name=name,
            namespace=NAMESPACE,
            uid=f"job-{index}",
            resource_version="1",
            labels=_labels(name, index),
            owner_references=[_owner("Trial", name, owner or f"trial-{index}")],
            creation_timestamp=created,
            deletion_timestamp=deleted,
        ),
        spec=JobSpec(suspend=suspended, completions=completions, parallelism=completions),
        status=JobStatus(start_time=started, conditions=list(conditions)),
    )


def make_pod(
    index: int = 0,
    phase: str = "Pending",
    *containers: ContainerStatus,
    init: Sequence[ContainerStatus] = (),
    conditions: Sequence[Condition] = (),
    metrics: str | None = None,
    suffix: str = "abcde",
    completion_index: int | None = None,
    owner: str | None = None,
    created: datetime = A_MINUTE_AGO,
    started: datetime | None = None,
    deleted: datetime | None = None,
) -> Pod:
    """A pod of a trial; `init` are init containers but the collector, `metrics` its annotation."""
    name = trial_name(NAME, None, index)
    collectors = [status for status in containers if status.name == COLLECTOR_CONTAINER]
    return Pod(
        metadata=Metadata(
            name=f"{name}-{suffix}",
            namespace=NAMESPACE,
            uid=f"pod-{index}-{suffix}",
            resource_version="1",
            labels=_labels(name, index),
            annotations={
                **({} if metrics is None else {ANNOTATION_METRICS: metrics}),
                **({} if completion_index is None else {COMPLETION_INDEX: str(completion_index)}),
            },
            owner_references=[_owner("Job", name, owner or f"job-{index}")],
            creation_timestamp=created,
            deletion_timestamp=deleted,
        ),
        status=PodStatus(
            phase=phase,
            start_time=started,
            conditions=list(conditions),
            container_statuses=[s for s in containers if s.name != COLLECTOR_CONTAINER],
            init_container_statuses=[*init, *collectors],
        ),
    )


def make_view(trial: Trial | None = None, job: Job | None = None, *pods: Pod) -> TrialView:
    return TrialView(trial=trial or make_trial(), job=job, pods=pods)


def _labels(name: str, index: int) -> dict[str, str]:
    return {LABEL_TUNING_JOB: NAME, LABEL_TRIAL: name, LABEL_INDEX: str(index)}


def _owner(kind: str, name: str, uid: str) -> OwnerReference:
    return OwnerReference(api_version="v1", kind=kind, name=name, uid=uid, controller=True)
