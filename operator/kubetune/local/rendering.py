"""From a trial's Job to the process that stands for it; pure.

The command, its arguments and its environment are those of the training container, filled in as the
kubelet does. The environment of this machine lies below them, as that of the image would.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

from kubetune.local.attempt import Command, Terms
from kubetune.local.expansion import expand
from kubetune.local.volumes import Mount, mounts_of, relocated


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What is known of this machine.

    Attributes:
        environment: The environment variables of the caller.
        directory: Where the caller is; absolute.
        hostname: Its name.
        exists: Whether a path exists.
    """

    environment: Mapping[str, str]
    directory: str
    hostname: str
    exists: Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """A Job as a process.

    Attributes:
        command: What is executed.
        terms: How long it may live.
        mounts: What stands for its volumes.
        unresolved: Variables whose value only a cluster knows and this machine's environment does
            not have: name and source.
    """

    command: Command
    terms: Terms
    mounts: tuple[Mount, ...] = ()
    unresolved: tuple[tuple[str, str], ...] = field(default=())


def render(
    job: Mapping[str, Any],
    container: str,
    machine: Machine,
    *,
    own: str,
    shared: str,
    metrics_path: str | None,
) -> Rendering:
    """Return what is executed for a Job.

    Args:
        job: The batch/v1 Job, whose training container has a command.
        container: Name of the training container.
        machine: Where it runs.
        own: Directory for volumes of this attempt alone.
        shared: Directory for volumes of the whole job.
        metrics_path: spec.metrics.path; None where metrics stand in the output.
    """
    template = job["spec"]["template"]
    pod = template["spec"]
    (trainer,) = (c for c in pod["containers"] if c["name"] == container)
    mounts = mounts_of(
        pod,
        trainer,
        own=PurePosixPath(own),
        shared=PurePosixPath(shared),
        exists=machine.exists,
    )
    variables, unresolved = _environment(trainer, job, machine)
    words = [*trainer["command"], *(trainer.get("args") or [])]
    wanted = relocated(str(trainer.get("workingDir") or ""), mounts)
    made = [mount.local for mount in mounts if mount.is_made]
    is_there = bool(wanted) and (wanted in made or machine.exists(wanted))
    command = Command(
        argv=tuple(relocated(expand(str(word), variables), mounts) for word in words),
        environment={
            **machine.environment,
            **{name: relocated(value, mounts) for name, value in variables.items()},
        },
        directory=wanted if is_there else machine.directory,
        metrics_path=None if metrics_path is None else relocated(metrics_path, mounts),
        directories=tuple(made),
    )
    return Rendering(
        command=command,
        terms=_terms(job["spec"], pod, container),
        mounts=mounts,
        unresolved=unresolved,
    )


def _terms(job_spec: Mapping[str, Any], pod: Mapping[str, Any], container: str) -> Terms:
    return Terms(
        container=container,
        grace=timedelta(seconds=pod["terminationGracePeriodSeconds"]),
        deadline=_seconds(job_spec.get("activeDeadlineSeconds")),
        attempt_deadline=_seconds(pod.get("activeDeadlineSeconds")),
        backoff_limit=job_spec["backoffLimit"],
    )


def _seconds(value: float | None) -> timedelta | None:
    return None if value is None else timedelta(seconds=value)


def _environment(
    container: Mapping[str, Any], job: Mapping[str, Any], machine: Machine
) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """Return the container's variables, and those that cannot be had.

    In order, as the kubelet does it: a value may refer to the variables before it.
    """
    variables: dict[str, str] = {}
    unresolved: list[tuple[str, str]] = []
    for variable in container.get("env") or []:
        name, source = str(variable.get("name")), variable.get("valueFrom")
        if not source or variable.get("value"):
            variables[name] = expand(str(variable.get("value") or ""), variables)
            continue
        value = _from_pod(source.get("fieldRef"), job, machine)
        if value is None:
            value = machine.environment.get(name)
        if value is not None:
            variables[name] = value
        elif not _is_optional(source):
            unresolved.append((name, next(_sources(source), "its source")))
    return variables, tuple(unresolved)


def _from_pod(
    reference: Mapping[str, Any] | None, job: Mapping[str, Any], machine: Machine
) -> str | None:
    """Return a field of the pod as this machine has it; None where there is no such thing."""
    if not reference:
        return None
    path, template = str(reference.get("fieldPath")), job["spec"]["template"]
    metadata = template.get("metadata") or {}
    for kind in ("labels", "annotations"):
        if path.startswith(f"metadata.{kind}['") and path.endswith("']"):
            key = path[len(f"metadata.{kind}['") : -2]
            return str((metadata.get(kind) or {}).get(key, ""))
    known = {
        "metadata.name": job["metadata"]["name"],
        "metadata.namespace": job["metadata"]["namespace"],
        "metadata.uid": job["metadata"]["ownerReferences"][0]["uid"],
        "spec.nodeName": machine.hostname,
        "spec.serviceAccountName": template["spec"].get("serviceAccountName"),
        "status.hostIP": "127.0.0.1",
        "status.hostIPs": "127.0.0.1",
        "status.podIP": "127.0.0.1",
        "status.podIPs": "127.0.0.1",
    }
    return known.get(path)


def _is_optional(source: Mapping[str, Any]) -> bool:
    return any(isinstance(part, Mapping) and part.get("optional") for part in source.values())


def _sources(source: Mapping[str, Any]) -> Iterator[str]:
    for kind, title in (("secretKeyRef", "secret"), ("configMapKeyRef", "config map")):
        reference = source.get(kind)
        if reference:
            yield f"{title} {reference.get('name')}, key {reference.get('key')}"
    for kind in ("fieldRef", "resourceFieldRef"):
        reference = source.get(kind)
        if reference:
            yield str(reference.get("fieldPath") or reference.get("resource"))
