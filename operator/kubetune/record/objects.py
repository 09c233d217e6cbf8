"""Trial objects: made from a suggestion once, identified, and their statuses as JSON. Pure."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import msgspec

from kubetune.api import names
from kubetune.core.basis import Basis
from kubetune.core.decision import Suggestion
from kubetune.kube.objects import Trial, TrialStatus
from kubetune.trialjob.identity import TrialIdentity, owner_reference, trial_labels

LONGEST_REASON = 512
"""Characters that the schema allows in the reason of a Trial's spec."""


def trial_body(
    body: Mapping[str, Any],
    run_id: str | None,
    suggestion: Suggestion,
    *,
    basis: Basis | None = None,
) -> dict[str, Any]:
    """Return the Trial of a suggestion, as JSON, without status.

    Args:
        body: The TuningJob, as JSON with its metadata.
        run_id: The run; None when the spec names none.
        suggestion: The point to try, and its index.
        basis: What it was made from; None leaves that out.
    """
    namespace, job = body["metadata"]["namespace"], body["metadata"]["name"]
    identity = TrialIdentity(
        namespace=namespace,
        tuning_job=job,
        run_id=run_id,
        name=names.trial_name(job, run_id, suggestion.index),
        uid="",
        index=suggestion.index,
        parameters=suggestion.parameters,
        resource=suggestion.resource,
    )
    spec = {
        "tuningJob": job,
        "index": suggestion.index,
        "parameters": dict(suggestion.parameters),
        "resource": suggestion.resource,
        "bracket": suggestion.bracket,
        "runId": run_id,
        "reason": suggestion.reason[:LONGEST_REASON],
        "basis": None if basis is None else asdict(basis),
    }
    mode = body["spec"]["trial"]["template"]["spec"].get("completionMode")
    # The policy reads it: it says how the pod is named that reports for the trial.
    annotations = {names.ANNOTATION_COMPLETION_MODE: mode} if mode == "Indexed" else None
    return {
        "apiVersion": names.API_VERSION,
        "kind": "Trial",
        "metadata": {
            **({} if annotations is None else {"annotations": annotations}),
            "name": identity.name,
            "namespace": namespace,
            "labels": trial_labels(identity),
            "ownerReferences": [owner_reference("TuningJob", job, body["metadata"]["uid"])],
        },
        "spec": {key: value for key, value in spec.items() if value is not None},
    }


def identity_of(trial: Trial, tuning_job: str) -> TrialIdentity:
    """Return whose Job is to be built."""
    return TrialIdentity(
        namespace=trial.metadata.namespace,
        tuning_job=tuning_job,
        run_id=trial.spec.run_id,
        name=trial.metadata.name,
        uid=trial.metadata.uid,
        index=trial.spec.index,
        parameters=trial.spec.parameters,
        resource=granted_resource(trial),
        trained=trial.status.rungs[-1].step if trial.status.rungs else 0,
    )


def granted_resource(trial: Trial) -> int | None:
    """Return the steps that a trial may use by now; None without Hyperband."""
    return trial.status.resource or trial.spec.resource


def plain_status(status: TrialStatus) -> dict[str, Any]:
    """Return a status as JSON, without the fields that were never set."""
    content: dict[str, Any] = msgspec.to_builtins(status)
    return _without_empty(content)


def trial_json(trial: Trial, tuning_job: str) -> dict[str, Any]:
    """Return a Trial as JSON, as the API server would give it."""
    metadata, spec = msgspec.to_builtins(trial.metadata), msgspec.to_builtins(trial.spec)
    return {
        "apiVersion": names.API_VERSION,
        "kind": "Trial",
        "metadata": _without_empty(metadata),
        "spec": {
            "tuningJob": tuning_job,
            **_without_empty(spec),
        },
        "status": plain_status(trial.status),
    }


def _without_empty(content: dict[str, Any]) -> dict[str, Any]:
    """Return what was ever set: "" and [] stand for what was not."""
    return {key: value for key, value in content.items() if value not in ("", [], None)}
