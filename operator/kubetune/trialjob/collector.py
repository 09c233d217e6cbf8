"""The collector of a trial: what it is told, and its container."""

import json
from collections.abc import Sequence
from typing import Any

from kubetune.api.placeholders import for_kubelet
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.sidecar import Sidecar
from kubetune.trialjob.identity import TrialIdentity
from kubetune.trialjob.mounts import TOKEN_DIRECTORY, TOKEN_VOLUME, add_mount
from kubetune.trialjob.template import training_container
from kubetune.trialjob.variables import variables_of


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


def collector_container(
    spec: TuningJobSpec, trial: TrialIdentity, *, sidecar: Sidecar, rungs: Sequence[int]
) -> dict[str, Any]:
    """Return the collector's container, a sidecar of the training."""
    environment = [
        *variables_of(trial)[:3],
        {"name": "KUBETUNE_COLLECT", "value": for_kubelet(_to_collect(spec, trial, rungs))},
    ]
    container = sidecar.container(environment)
    add_mount(container, TOKEN_VOLUME, TOKEN_DIRECTORY, read_only=True)
    return container


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
