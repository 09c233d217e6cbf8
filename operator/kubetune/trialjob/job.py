"""The Job of a trial.

The same arguments give the same Job, in the operator, in the dry run before the first trial and in
`kubetune validate`. The user's command is never rewritten or wrapped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from kubetune.api import names
from kubetune.api.parameters import typed_point
from kubetune.api.placeholders import substitute
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.sidecar import Sidecar
from kubetune.trialjob.identity import TrialIdentity, owner_reference, trial_labels
from kubetune.trialjob.pod import complete_pod

# Preemption, eviction and node loss say nothing about the trial: the Job controller starts
# another pod and does not count the lost one.
_RETRY_DISRUPTIONS = {
    "rules": [
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    ]
}


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
    complete_pod(pod_template["spec"], spec, trial, sidecar=sidecar, rungs=rungs)
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


def _without_nulls(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
