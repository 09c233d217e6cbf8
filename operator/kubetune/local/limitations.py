"""What of a TuningJob only a cluster can give, in words; pure.

Nothing of it keeps trials from being tried here; who reads on is not surprised.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kubetune.api.names import COLLECTOR_CONTAINER
from kubetune.api.tuningjob import MetricsSource, TuningJobSpec
from kubetune.local.rendering import Machine, Rendering
from kubetune.trialjob.template import training_container

_PLACEMENT = (
    "serviceAccountName",
    "nodeSelector",
    "nodeName",
    "affinity",
    "tolerations",
    "topologySpreadConstraints",
    "schedulerName",
    "priorityClassName",
    "runtimeClassName",
    "imagePullSecrets",
    "securityContext",
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "hostAliases",
    "hostname",
    "subdomain",
    "dnsPolicy",
    "dnsConfig",
    "shareProcessNamespace",
)
_LIFE = ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "securityContext")
_JOB = ("parallelism", "completions", "completionMode", "podFailurePolicy", "suspend")


def limitations(
    spec: TuningJobSpec, rendering: Rendering, machine: Machine, *, program: str
) -> Iterator[str]:
    """Yield what is different on this machine, one sentence each.

    Args:
        spec: The TuningJob's spec.
        rendering: Its first trial.
        machine: Where it runs.
        program: The file that the command's first word means here.
    """
    job = spec.trial.template["spec"]
    pod: Mapping[str, Any] = job["template"]["spec"]
    name = training_container(spec)
    (trainer,) = (c for c in pod["containers"] if c["name"] == name)
    yield f"image {trainer.get('image')} is not used; {rendering.command.argv[0]} is {program}"
    yield from _about_container(trainer, rendering, machine)
    yield from _about_variables(trainer, rendering)
    yield from _about_volumes(rendering, machine)
    others = [c["name"] for c in pod["containers"] if c["name"] != name]
    others += [
        c.get("name") for c in pod.get("initContainers") or [] if c["name"] != COLLECTOR_CONTAINER
    ]
    if others:
        yield f"containers that are left out: {', '.join(map(str, others))}"
    placed = [key for key in _PLACEMENT if pod.get(key)]
    if placed:
        yield f"of the pod, these mean nothing here: {', '.join(placed)}"
    ignored = [f"{key}: {job[key]}" for key in _JOB[:3] if job.get(key) not in (None, 1)]
    ignored += [key for key in _JOB[3:] if job.get(key)]
    if ignored:
        yield f"of the Job, these mean nothing here: {', '.join(ignored)}"
    if spec.warm_start is not None:
        names = ", ".join(spec.warm_start.from_)
        yield f"warmStart is left out: the search begins without the results of {names}"
    if spec.metrics.source is MetricsSource.ANNOTATION:
        yield (
            "there is no pod to annotate: metrics are read from the output, from lines such as "
            f"{spec.objective.metric}=0.5"
        )


def _about_container(
    trainer: Mapping[str, Any], rendering: Rendering, machine: Machine
) -> Iterator[str]:
    wanted = trainer.get("workingDir")
    directory = rendering.command.directory
    if wanted and directory == machine.directory and wanted != directory:
        yield f"workingDir {wanted} does not exist; trials run in {directory}"
    resources = trainer.get("resources") or {}
    asked = {**(resources.get("requests") or {}), **(resources.get("limits") or {})}
    if asked:
        told = ", ".join(f"{key} {value}" for key, value in asked.items())
        yield f"resources are neither reserved nor limited ({told}); all trials share this machine"
    ignored = [key for key in _LIFE if trainer.get(key)]
    if ignored:
        yield f"of container {trainer['name']}, these mean nothing here: {', '.join(ignored)}"


def _about_variables(trainer: Mapping[str, Any], rendering: Rendering) -> Iterator[str]:
    for name, source in rendering.unresolved:
        yield f"variable {name} is not set (it comes from {source}); export it before if needed"
    for source in trainer.get("envFrom") or []:
        reference = source.get("secretRef") or source.get("configMapRef") or {}
        kind = "secret" if source.get("secretRef") else "config map"
        yield (
            f"the variables of {kind} {reference.get('name')} are not set; export those that are "
            "needed before"
        )


def _about_volumes(rendering: Rendering, machine: Machine) -> Iterator[str]:
    for mount in rendering.mounts:
        if mount.kind == "persistentVolumeClaim" and mount.is_made:
            yield (
                f"volume {mount.volume} is the directory {mount.local} instead, empty at first; "
                f"{mount.path} is written anew where the command or its environment names it"
            )
        elif mount.is_made:
            yield (
                f"volume {mount.volume} is a directory of each attempt; {mount.path} is written "
                "anew where the command or its environment names it"
            )
        elif not machine.exists(mount.local):
            yield f"volume {mount.volume} ({mount.kind}) is missing: {mount.local} does not exist"
