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
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.controller.snapshot import TrialView
from kubetune.kube.objects import (
    Condition,
    ContainerState,
    ContainerStatus,
    Job,
    JobSpec,
    JobStatus,
    Metadata,
    Observation,
    OwnerReference,
    Pod,
    PodStatus,
    Running,
    Terminated,
    Trial,
    TrialSpec,
    TrialStatus,
    Waiting,
)

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
_A_MINUTE_AGO = NOW - timedelta(seconds=60)
_HALF_A_MINUTE_AGO = NOW - timedelta(seconds=30)
_JUST_NOW = NOW - timedelta(seconds=2)

NAMESPACE = "team-a"
NAME = "digits"
UID = "uid-digits"

LEARNING_RATE = {"name": "lr", "type": "Float", "min": 0.0001, "max": 1.0, "scale": "Log"}
HIDDEN = {"name": "hidden", "type": "Integer", "min": 16, "max": 64, "step": 16}

_CONTAINER = {"name": "train", "image": "trainer:1", "args": ["--all=$(KUBETUNE_PARAMETERS)"]}


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def template(
    *,
    containers: Sequence[Mapping[str, Any]] = (_CONTAINER,),
    pod: Mapping[str, Any] | None = None,
    pod_labels: Mapping[str, str] | None = None,
    **job: Any,
) -> dict[str, Any]:
    """A JobTemplateSpec; `pod` and `job` are further fields of the two specs."""
    pod_template: dict[str, Any] = {"spec": {"containers": list(containers), **(pod or {})}}
    if pod_labels is not None:
        pod_template["metadata"] = {"labels": dict(pod_labels)}
    return {"spec": {"template": pod_template, **job}}


def spec_fields(
    strategy: str = "Random",
    *,
    parameters: Sequence[Mapping[str, Any]] = (LEARNING_RATE,),
    metric: str = "accuracy",
    goal: str = "Maximize",
    value: str = "Last",
    additional: Sequence[str] = (),
    seed: int | None = 7,
    hyperband: Mapping[str, Any] | None = None,
    limits: Mapping[str, Any] | None = None,
    source: str = "Stdout",
    metrics: Mapping[str, Any] | None = None,
    job_template: Mapping[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """A TuningJob's spec as it is on the wire; `fields` are further ones."""
    search: dict[str, Any] = {"type": strategy}
    if seed is not None:
        search["seed"] = seed
    if strategy == "Hyperband":
        search["hyperband"] = hyperband or {"maxResource": 9}
    if source == "File":
        metrics = {"path": "/metrics/log.txt", **(metrics or {})}
    return {
        "objective": {
            "metric": metric,
            "goal": goal,
            "value": value,
            "additionalMetrics": list(additional),
        },
        "parameters": list(parameters),
        "strategy": search,
        "limits": {"maxTrials": 4, "maxParallelTrials": 2, **(limits or {})},
        "metrics": {"source": source, **(metrics or {})},
        "trial": {"template": job_template or template()},
        **fields,
    }


def make_spec(strategy: str = "Random", **fields: Any) -> TuningJobSpec:
    """A TuningJob's spec as the controller has it; arguments of `spec_fields`."""
    return TuningJobSpec.model_validate(spec_fields(strategy, **fields))


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
    created: datetime = _A_MINUTE_AGO,
    started: datetime | None = _A_MINUTE_AGO,
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
    created: datetime = _A_MINUTE_AGO,
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


def waiting(reason: str, message: str = "", *, name: str = "train") -> ContainerStatus:
    return ContainerStatus(
        name=name, state=ContainerState(waiting=Waiting(reason=reason, message=message))
    )


def running(*, name: str = "train", since: datetime = _HALF_A_MINUTE_AGO) -> ContainerStatus:
    return ContainerStatus(name=name, state=ContainerState(running=Running(started_at=since)))


def ended(
    exit_code: int = 0,
    *,
    name: str = "train",
    reason: str = "",
    message: str = "",
    signal: int = 0,
    started: datetime = _HALF_A_MINUTE_AGO,
    at: datetime = _JUST_NOW,
) -> ContainerStatus:
    """A container that has ended; `message` is its termination message."""
    terminated = Terminated(
        exit_code=exit_code,
        signal=signal,
        reason=reason or ("Completed" if exit_code == 0 else "Error"),
        message=message,
        started_at=started,
        finished_at=at,
    )
    return ContainerStatus(name=name, state=ContainerState(terminated=terminated))


def condition(
    kind: str,
    status: str = "True",
    reason: str = "",
    message: str = "",
    *,
    since: datetime = _JUST_NOW,
) -> Condition:
    return Condition(
        type=kind, status=status, reason=reason, message=message, last_transition_time=since
    )


def unschedulable(message: str, *, since: datetime = _A_MINUTE_AGO) -> Condition:
    return condition("PodScheduled", "False", "Unschedulable", message, since=since)


def disruption(reason: str = "PreemptionByScheduler", message: str = "preempted") -> Condition:
    return condition("DisruptionTarget", "True", reason, message)


def job_failed(reason: str = "BackoffLimitExceeded", message: str = "it failed") -> Condition:
    return condition("Failed", "True", reason, message)


def job_complete() -> Condition:
    return condition("Complete")


def make_view(trial: Trial | None = None, job: Job | None = None, *pods: Pod) -> TrialView:
    return TrialView(trial=trial or make_trial(), job=job, pods=pods)


def _labels(name: str, index: int) -> dict[str, str]:
    return {LABEL_TUNING_JOB: NAME, LABEL_TRIAL: name, LABEL_INDEX: str(index)}


def _owner(kind: str, name: str, uid: str) -> OwnerReference:
    return OwnerReference(api_version="v1", kind=kind, name=name, uid=uid, controller=True)
