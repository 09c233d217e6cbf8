"""What a template says about the Jobs that are made of it."""

from collections.abc import Mapping
from typing import Any

from kubetune.api import names
from kubetune.api.durations import parse_duration
from kubetune.api.tuningjob import MetricsSource, TuningJobSpec


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


def retention_seconds(spec: TuningJobSpec) -> int:
    """Return how long a finished Job stays: what its template says, or spec.retention."""
    said = spec.trial.template["spec"].get("ttlSecondsAfterFinished")
    if type(said) is int and said >= 0:  # true is an int as well
        return said
    return int(parse_duration(spec.retention.jobs).total_seconds())
