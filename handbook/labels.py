"""The reference of labels, annotations, environment variables and names of objects."""

from handbook.markdown import code, generated, table
from kubetune.api import names

PAGE = "labels.md"

LABELS = {
    names.LABEL_TUNING_JOB: "Trials, Jobs, pods, claims, ConfigMaps: the name of the TuningJob.",
    names.LABEL_TRIAL: "Trials, Jobs, pods: the name of the Trial.",
    names.LABEL_INDEX: "Trials, Jobs, pods: its number within the run, from 0.",
    names.LABEL_RUN: "Trials, Jobs, pods: `spec.runId`, where it is set.",
}
ANNOTATIONS = {
    names.ANNOTATION_METRICS: "On a pod, by the training code: its metrics as JSON "
    "([how](../how-to/report-metrics.md)).",
    names.ANNOTATION_RESOURCE: "On a Job, by Kubetune: the rung that it trains to; modes Promotion "
    "and Synchronous.",
    names.ANNOTATION_COMPLETION_MODE: "On a Trial, by Kubetune: Indexed, where its Job is; the "
    "policy for collectors reads it.",
    names.ANNOTATION_VALUE: "On the ConfigMap of `spec.bestParametersConfigMap`: the best value. "
    f"Beside it, {code(names.LABEL_TRIAL)} names the Trial.",
    f"{names.GROUP}/reads": "In a template, by you: the variables that the code in the image reads "
    "by itself, so that no parameter counts as unused. Any annotation that holds the word will do.",
}
VARIABLES = {
    "KUBETUNE_PARAMETERS": "All parameters as JSON.",
    "KUBETUNE_PARAM_<NAME>": "One parameter: its name in capitals, with `_` for `.` and `-`.",
    "KUBETUNE_TRIAL": "The name of the Trial.",
    "KUBETUNE_NAMESPACE": "The namespace.",
    "KUBETUNE_POD_NAME": "The name of the pod.",
    "KUBETUNE_CHECKPOINT_DIR": "With `spec.checkpoint`: the trial's own directory.",
    "KUBETUNE_RESUME_FROM": "With `spec.checkpoint`: the step that an earlier attempt has trained "
    "to for certain; 0 if none has.",
}
OBJECTS = {
    "Trial and Job": "`JOB-INDEX`, or `JOB-RUNID-INDEX` with a runId; cut and hashed beyond "
    f"{names.MAX_TRIAL_NAME} characters.",
    f"ServiceAccount {code(names.TRIAL_SERVICE_ACCOUNT)}": "In each namespace with TuningJobs; the "
    "pods of trials, sources Stdout and File.",
    f"ServiceAccount {code(names.ANNOTATOR_SERVICE_ACCOUNT)}": "The same with the source "
    "Annotation.",
    f"RoleBinding {code(names.COLLECTOR_ROLE)}, {code(names.ANNOTATOR_ROLE)}": "Their rights, with "
    "`-local` behind where the operator watches some namespaces only.",
    f"Container {code(names.COLLECTOR_CONTAINER)}": "The sidecar that reads the metrics.",
    f"PersistentVolumeClaim {code(names.checkpoint_claim('JOB'))}": "The claim of "
    "`checkpoint.volumeClaimTemplate`.",
}


def labels_page() -> str:
    """Return the page."""
    return (
        generated(
            "Labels, annotations, variables, names",
            "Labels and annotations of your TuningJob are not copied to anything. What the "
            "template says about the Job's and the pod's labels and annotations is kept.",
            "## Labels",
            _table("Label", LABELS),
            "## Annotations",
            _table("Annotation", ANNOTATIONS),
            "## Environment variables",
            "In every container of a trial, unless the template sets one of that name:",
            _table("Variable", VARIABLES),
            "## Names of objects",
            table(["Object", "Name or purpose"], OBJECTS.items()),
        )
        + "\n"
    )


def _table(head: str, entries: dict[str, str]) -> str:
    return table([head, "What it says"], [[code(name), text] for name, text in entries.items()])
