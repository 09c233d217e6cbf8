"""From a trial to the Job that runs it: the user's template, filled in and completed.

Pure: the same arguments give the same Job, in the operator, in the dry run before the first trial
and in `kubetune validate`. The user's command is never rewritten or wrapped.
"""

import json
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kubetune.api import names
from kubetune.api.checkpoint import CheckpointSpec
from kubetune.api.durations import parse_duration
from kubetune.api.parameters import ParameterValue, typed_point
from kubetune.api.placeholders import for_kubelet, substitute, value_text
from kubetune.api.tuningjob import MetricsSource, TuningJobSpec
from kubetune.sidecar import Sidecar

TOKEN_DIRECTORY = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105  a path, no secret
TOKEN_SECONDS = 3600
GRACE_SECONDS = 10
_TOKEN_VOLUME = "kubetune-token"  # noqa: S105  a volume's name
_METRICS_VOLUME = "kubetune-metrics"
_CHECKPOINT_VOLUME = "kubetune-checkpoints"
_CHECKPOINT_VARIABLES = ("KUBETUNE_CHECKPOINT_DIR", "KUBETUNE_RESUME_FROM")

# Preemption, eviction and node loss say nothing about the trial: the Job controller starts
# another pod and does not count the lost one.
_RETRY_DISRUPTIONS = {
    "rules": [
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    ]
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialIdentity:
    """Which trial a Job is for.

    Attributes:
        namespace: Namespace of all of it.
        tuning_job: Name of the TuningJob.
        run_id: The run; None when the spec names none.
        name: Name of the Trial, and so of its Job.
        uid: UID of the Trial, which owns the Job.
        index: Number of the trial within the run.
        parameters: The point to try.
        resource: Steps that it may use by now; None without Hyperband.
        trained: Steps that an earlier attempt has trained to the end; 0 if none has.
    """

    namespace: str
    tuning_job: str
    run_id: str | None
    name: str
    uid: str
    index: int
    parameters: Mapping[str, ParameterValue]
    resource: int | None
    trained: int = 0


def build_trial_job(
    spec: TuningJobSpec,
    trial: TrialIdentity,
    *,
    sidecar: Sidecar,
    rungs: Sequence[int] = (),
) -> dict[str, Any]:
    """Return the batch/v1 Job of a trial.

    Args:
        spec: The TuningJob's spec, valid.
        trial: Whose Job it is.
        sidecar: The metrics sidecar; unused with source Annotation.
        rungs: Steps at which the collector reports at once, ascending.
    """
    trial = replace(trial, parameters=typed_point(spec.parameters, trial.parameters))
    template = substitute(
        spec.trial.template,
        parameters=trial.parameters,
        trial_name=trial.name,
        index=trial.index,
        resource=trial.resource,
    )
    labels = trial_labels(trial)
    metadata = template.get("metadata") or {}
    # A null would pass for a value here and for an absent field with the API server.
    job_spec = _without_nulls(template["spec"])
    pod_template = job_spec["template"] = _without_nulls(job_spec["template"])
    pod_template["spec"] = _without_nulls(pod_template["spec"])
    pod_metadata = pod_template["metadata"] = dict(pod_template.get("metadata") or {})
    pod_metadata["labels"] = {**(pod_metadata.get("labels") or {}), **labels}

    job_spec.setdefault("backoffLimit", 0)
    job_spec.setdefault("podReplacementPolicy", "Failed")
    job_spec.setdefault("podFailurePolicy", _RETRY_DISRUPTIONS)
    # Set when the trial's end is recorded, so that no result goes with its Job unseen.
    job_spec.pop("ttlSecondsAfterFinished", None)
    _complete_pod(pod_template["spec"], spec, trial, sidecar=sidecar, rungs=rungs)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": trial.name,
            "namespace": trial.namespace,
            "labels": {**(metadata.get("labels") or {}), **labels},
            "annotations": {**(metadata.get("annotations") or {}), **_rung_annotation(spec, trial)},
            "ownerReferences": [owner_reference("Trial", trial.name, trial.uid)],
        },
        "spec": job_spec,
    }


def _rung_annotation(spec: TuningJobSpec, trial: TrialIdentity) -> dict[str, str]:
    """Say for which rung a Job is, where a trial has one Job after the other."""
    settings = spec.strategy.hyperband
    if settings is None or not settings.mode.pauses or trial.resource is None:
        return {}
    return {names.ANNOTATION_RESOURCE: str(trial.resource)}


def owner_reference(kind: str, name: str, uid: str) -> dict[str, Any]:
    """Return the reference by which the garbage collector removes a child with its owner.

    Without blockOwnerDeletion: it would need a right on the owner's finalizers.
    """
    return {
        "apiVersion": names.API_VERSION,
        "kind": kind,
        "name": name,
        "uid": uid,
        "controller": True,
    }


def trial_labels(trial: TrialIdentity) -> dict[str, str]:
    """Return the labels of a Trial, its Job and its pods; the parent's own are not copied."""
    labels = {
        names.LABEL_TUNING_JOB: trial.tuning_job,
        names.LABEL_TRIAL: trial.name,
        names.LABEL_INDEX: str(trial.index),
    }
    if trial.run_id is not None:
        labels[names.LABEL_RUN] = trial.run_id
    return labels


def retention_seconds(spec: TuningJobSpec) -> int:
    """Return how long a finished Job stays: what its template says, or spec.retention."""
    said = spec.trial.template["spec"].get("ttlSecondsAfterFinished")
    if type(said) is int and said >= 0:  # true is an int as well
        return said
    return int(parse_duration(spec.retention.jobs).total_seconds())


def training_container(spec: TuningJobSpec) -> str:
    """Return the name of the container whose metrics and exit count."""
    if spec.metrics.container is not None:
        return spec.metrics.container
    containers = spec.trial.template["spec"]["template"]["spec"]["containers"]
    name: str = containers[0]["name"]
    return name


def service_account(spec: TuningJobSpec) -> str:
    """Return the service account of the trial's pods: the template's, or the source's own."""
    pod: Mapping[str, Any] = spec.trial.template["spec"]["template"]["spec"]
    named = pod.get("serviceAccountName")
    if named:
        return str(named)
    if spec.metrics.source is MetricsSource.ANNOTATION:
        return names.ANNOTATOR_SERVICE_ACCOUNT
    return names.TRIAL_SERVICE_ACCOUNT


def _complete_pod(
    pod: dict[str, Any],
    spec: TuningJobSpec,
    trial: TrialIdentity,
    *,
    sidecar: Sidecar,
    rungs: Sequence[int],
) -> None:
    """Add to a pod spec, in place, what the trial needs and the user did not say."""
    pod.setdefault("restartPolicy", "Never")
    # A program that is PID 1 and has no handler ignores SIGTERM: its GPU should not wait long.
    pod.setdefault("terminationGracePeriodSeconds", GRACE_SECONDS)
    if not pod.get("serviceAccountName"):
        pod["serviceAccountName"] = service_account(spec)
        # Training code gets no token unless it asks for one.
        pod.setdefault("automountServiceAccountToken", False)
    environment = _environment(trial)
    for container in [*(pod.get("initContainers") or []), *pod["containers"]]:
        own = container.get("env") or []
        taken = {variable.get("name") for variable in own}
        container["env"] = [v for v in environment if v["name"] not in taken] + own
        # A failed container's last log lines then stand in its status, for one API call less.
        container.setdefault("terminationMessagePolicy", "FallbackToLogsOnError")
    trainer = next(c for c in pod["containers"] if c.get("name") == training_container(spec))
    if spec.checkpoint is not None:
        _add_checkpoint(pod, trainer, spec.checkpoint, trial)
    if spec.metrics.source is MetricsSource.ANNOTATION:
        if _mount_at(trainer, TOKEN_DIRECTORY) is None:
            _add_volume(pod, _token_volume())
            _mount(trainer, _TOKEN_VOLUME, TOKEN_DIRECTORY, read_only=True)
        return
    collector = _collector(spec, trial, sidecar=sidecar, rungs=rungs)
    _add_volume(pod, _token_volume())
    if spec.metrics.source is MetricsSource.FILE and spec.metrics.path is not None:
        directory = posixpath.dirname(spec.metrics.path)
        own = _mount_at(trainer, directory)
        if own is None:
            _add_volume(pod, {"name": _METRICS_VOLUME, "emptyDir": {}})
            own = _mount(trainer, _METRICS_VOLUME, directory)
        collector["volumeMounts"].append({**own, "readOnly": True})
    # Last of the init containers: it starts when the user's own are done.
    pod["initContainers"] = [*(pod.get("initContainers") or []), collector]


def _add_checkpoint(
    pod: dict[str, Any], trainer: dict[str, Any], checkpoint: CheckpointSpec, trial: TrialIdentity
) -> None:
    """Mount the trial's own directory of the checkpoint volume, and say where to go on."""
    claim = checkpoint.persistent_volume_claim
    name = names.checkpoint_claim(trial.tuning_job) if claim is None else claim.claim_name
    _add_volume(pod, {"name": _CHECKPOINT_VOLUME, "persistentVolumeClaim": {"claimName": name}})
    mount = _mount(trainer, _CHECKPOINT_VOLUME, checkpoint.path)
    mount["subPath"] = names.checkpoint_directory(trial.name, trial.uid)
    # Last, so that it holds whatever the template says.
    trainer["env"] = [
        *(v for v in trainer["env"] if v.get("name") not in _CHECKPOINT_VARIABLES),
        {"name": "KUBETUNE_CHECKPOINT_DIR", "value": for_kubelet(checkpoint.path)},
        {"name": "KUBETUNE_RESUME_FROM", "value": str(trial.trained)},
    ]


def _environment(trial: TrialIdentity) -> list[dict[str, Any]]:
    parameters = dict(trial.parameters)
    variables: list[dict[str, Any]] = [
        {"name": "KUBETUNE_TRIAL", "value": trial.name},
        {
            "name": "KUBETUNE_NAMESPACE",
            "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}},
        },
        {"name": "KUBETUNE_POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "KUBETUNE_PARAMETERS", "value": for_kubelet(json.dumps(parameters))},
    ]
    variables += [
        {"name": names.parameter_variable(name), "value": for_kubelet(value_text(value))}
        for name, value in parameters.items()
    ]
    return variables


def collector_environment(
    spec: TuningJobSpec, trial: TrialIdentity, *, rungs: Sequence[int], pod: str
) -> dict[str, str]:
    """Return the environment of the collector in a pod of that name."""
    return {
        "KUBETUNE_TRIAL": trial.name,
        "KUBETUNE_NAMESPACE": trial.namespace,
        "KUBETUNE_POD_NAME": pod,
        "KUBETUNE_COLLECT": _to_collect(spec, trial, rungs),
    }


def _to_collect(spec: TuningJobSpec, trial: TrialIdentity, rungs: Sequence[int]) -> str:
    objective = spec.objective
    configuration: dict[str, Any] = {
        "source": spec.metrics.source.value,
        "container": training_container(spec),
        "objective": objective.metric,
        "goal": objective.goal.value,
        "metrics": [objective.metric, *objective.additional_metrics],
        "patterns": [{"metric": p.metric, "regex": p.regex} for p in spec.metrics.patterns],
        "rungs": list(rungs),
    }
    if spec.checkpoint is not None and trial.trained:
        configuration["trained"] = trial.trained
    if spec.metrics.path is not None:
        configuration["path"] = spec.metrics.path
    return json.dumps(configuration)


def _collector(
    spec: TuningJobSpec, trial: TrialIdentity, *, sidecar: Sidecar, rungs: Sequence[int]
) -> dict[str, Any]:
    environment = [
        *(v for v in _environment(trial)[:3]),
        {"name": "KUBETUNE_COLLECT", "value": for_kubelet(_to_collect(spec, trial, rungs))},
    ]
    container = sidecar.container(environment)
    _mount(container, _TOKEN_VOLUME, TOKEN_DIRECTORY, read_only=True)
    return container


def _token_volume() -> dict[str, Any]:
    token = {"path": "token", "expirationSeconds": TOKEN_SECONDS}
    authority = {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    return {
        "name": _TOKEN_VOLUME,
        "projected": {
            # Readable by any user: training images choose their own.
            "defaultMode": 0o444,
            "sources": [{"serviceAccountToken": token}, {"configMap": authority}],
        },
    }


def _add_volume(pod: dict[str, Any], volume: dict[str, Any]) -> None:
    pod["volumes"] = [*(pod.get("volumes") or []), volume]


def _mount_at(container: dict[str, Any], path: str) -> dict[str, Any] | None:
    """Return the mount that a container has at a path; None if it has none."""
    mounts: list[dict[str, Any]] = container.get("volumeMounts") or []
    return next((mount for mount in mounts if mount.get("mountPath") == path), None)


def _mount(
    container: dict[str, Any], volume: str, path: str, *, read_only: bool = False
) -> dict[str, Any]:
    mount = {"name": volume, "mountPath": path, **({"readOnly": True} if read_only else {})}
    container["volumeMounts"] = [*(container.get("volumeMounts") or []), mount]
    return mount


def _without_nulls(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
