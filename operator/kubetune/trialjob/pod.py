"""What the pod of a trial needs and the user did not say."""

import posixpath
from collections.abc import Sequence
from typing import Any

from kubetune.api import names
from kubetune.api.checkpoint import CheckpointSpec
from kubetune.api.placeholders import for_kubelet
from kubetune.api.tuningjob import MetricsSource, TuningJobSpec
from kubetune.sidecar import Sidecar
from kubetune.trialjob.collector import collector_container
from kubetune.trialjob.identity import TrialIdentity
from kubetune.trialjob.mounts import (
    TOKEN_DIRECTORY,
    TOKEN_VOLUME,
    add_mount,
    add_volume,
    mount_at,
    token_volume,
)
from kubetune.trialjob.template import service_account, training_container
from kubetune.trialjob.variables import variables_of

GRACE_SECONDS = 10
_METRICS_VOLUME = "kubetune-metrics"
_CHECKPOINT_VOLUME = "kubetune-checkpoints"
_CHECKPOINT_VARIABLES = ("KUBETUNE_CHECKPOINT_DIR", "KUBETUNE_RESUME_FROM")


def complete_pod(
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
    environment = variables_of(trial)
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
        if mount_at(trainer, TOKEN_DIRECTORY) is None:
            add_volume(pod, token_volume())
            add_mount(trainer, TOKEN_VOLUME, TOKEN_DIRECTORY, read_only=True)
        return
    collector = collector_container(spec, trial, sidecar=sidecar, rungs=rungs)
    add_volume(pod, token_volume())
    if spec.metrics.source is MetricsSource.FILE and spec.metrics.path is not None:
        directory = posixpath.dirname(spec.metrics.path)
        own = mount_at(trainer, directory)
        if own is None:
            add_volume(pod, {"name": _METRICS_VOLUME, "emptyDir": {}})
            own = add_mount(trainer, _METRICS_VOLUME, directory)
        collector["volumeMounts"].append({**own, "readOnly": True})
    # Last of the init containers: it starts when the user's own are done.
    pod["initContainers"] = [*(pod.get("initContainers") or []), collector]


def _add_checkpoint(
    pod: dict[str, Any], trainer: dict[str, Any], checkpoint: CheckpointSpec, trial: TrialIdentity
) -> None:
    """Mount the trial's own directory of the checkpoint volume, and say where to go on."""
    claim = checkpoint.persistent_volume_claim
    name = names.checkpoint_claim(trial.tuning_job) if claim is None else claim.claim_name
    add_volume(pod, {"name": _CHECKPOINT_VOLUME, "persistentVolumeClaim": {"claimName": name}})
    mount = add_mount(trainer, _CHECKPOINT_VOLUME, checkpoint.path)
    mount["subPath"] = names.checkpoint_directory(trial.name, trial.uid)
    # Last, so that it holds whatever the template says.
    trainer["env"] = [
        *(v for v in trainer["env"] if v.get("name") not in _CHECKPOINT_VARIABLES),
        {"name": "KUBETUNE_CHECKPOINT_DIR", "value": for_kubelet(checkpoint.path)},
        {"name": "KUBETUNE_RESUME_FROM", "value": str(trial.trained)},
    ]
