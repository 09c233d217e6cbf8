"""Which trial it is, and how its Job and pods say so."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubetune.api import names
from kubetune.api.parameters import ParameterValue


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
