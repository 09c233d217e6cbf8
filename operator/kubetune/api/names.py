"""Every name that crosses a process: group, kinds, labels, annotations, and names of children."""

import hashlib

GROUP = "kubetune.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

LABEL_TUNING_JOB = f"{GROUP}/tuning-job"
LABEL_TRIAL = f"{GROUP}/trial"
LABEL_INDEX = f"{GROUP}/trial-index"
LABEL_RUN = f"{GROUP}/run"
ANNOTATION_METRICS = f"{GROUP}/metrics"
ANNOTATION_VALUE = f"{GROUP}/value"
ANNOTATION_RESOURCE = f"{GROUP}/resource"
ANNOTATION_COMPLETION_MODE = f"{GROUP}/completion-mode"

COLLECTOR_CONTAINER = "kubetune-collector"
FIELD_MANAGER = "kubetune"

# One per source of metrics, so that the right to annotate pods comes with that source alone.
TRIAL_SERVICE_ACCOUNT = "kubetune-trial"
ANNOTATOR_SERVICE_ACCOUNT = "kubetune-annotator"
COLLECTOR_ROLE = "kubetune-collector"
ANNOTATOR_ROLE = "kubetune-annotator"

QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
"""On a Job: the queue of Kueue that holds it suspended until there is room."""

COMPLETION_INDEX = "batch.kubernetes.io/job-completion-index"
"""Annotation of the pods of an Indexed Job, by Kubernetes."""

REPORTING_INDEX = "0"
"""Of an Indexed Job the pod of this completion index reports for the trial."""

# A Job's pods are named <job>-<5 characters>, and <job>-0-<5 characters> where they report for an
# Indexed one: 55 leaves room for that within a label's 63.
MAX_TRIAL_NAME = 55
_HASH_LENGTH = 8


def trial_name(job: str, run_id: str | None, index: int) -> str:
    """Return the name of a Trial and of its Job, at most 55 characters.

    A function of its arguments alone, so that a create can be repeated without making a second
    one. A name that would be too long is cut and made unique again by a hash of the whole.
    """
    stem = job if run_id is None else f"{job}-{run_id}"
    name = f"{stem}-{index}"
    if len(name) <= MAX_TRIAL_NAME:
        return name
    digest = hashlib.sha256(stem.encode()).hexdigest()[:_HASH_LENGTH]
    suffix = f"-{digest}-{index}"
    return stem[: MAX_TRIAL_NAME - len(suffix)].rstrip("-.") + suffix


def checkpoint_claim(job: str) -> str:
    """Return the name of the claim that is made for a TuningJob's checkpoints."""
    return f"{job}-checkpoints"


def checkpoint_directory(trial: str, uid: str) -> str:
    """Return a trial's own directory on the checkpoint volume, the same for all its attempts.

    The UID keeps it apart from that of an earlier trial of that name: the volume may outlive a job
    that is deleted and made anew.
    """
    return f"{trial}-{uid[:_HASH_LENGTH]}"


def parameter_variable(name: str) -> str:
    """Return the environment variable that carries a parameter's value."""
    return "KUBETUNE_PARAM_" + "".join(c if c.isalnum() else "_" for c in name).upper()
