"""What the operator reads from its environment, checked once at the start."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import msgspec

from kubetune.errors import KubetuneError
from kubetune.sidecar import RESOURCES, Resources, Sidecar

LEASE = "kubetune-operator"
"""The Lease that elects the leader, unless the installation names another."""

_resources_decoder = msgspec.json.Decoder(
    Mapping[Literal["requests", "limits"], Mapping[str, str | int | float]]
)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")


class SettingsError(KubetuneError):
    """Raised at the start for an environment variable that makes no sense; the process ends."""


class RoleKind(StrEnum):
    """Where the roles of trials' pods are: in the cluster, or in each namespace that is watched."""

    CLUSTER_ROLE = "ClusterRole"
    ROLE = "Role"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The operator's settings.

    Attributes:
        namespaces: Namespaces to watch; empty means all of them.
        sidecar: The metrics sidecar of trials.
        role_kind: Kind of the roles that trials' pods are bound to.
        lease_namespace: Namespace of the leader election's Lease.
        lease_name: Its name: one for each installation.
        identity: Who we are in the Lease and in Events.
        leader_election: Whether a Lease is needed to act.
        lease_seconds: How long a Lease holds that is not renewed.
        port: Port of /healthz, /readyz and /metrics; 0 picks a free one.
        workers: Number of TuningJobs handled at the same time.
        log_level: Name of a level of the logging module.
    """

    namespaces: tuple[str, ...]
    sidecar: Sidecar
    role_kind: RoleKind
    lease_namespace: str
    lease_name: str
    identity: str
    leader_election: bool
    lease_seconds: int
    port: int
    workers: int
    log_level: str


def read_settings(environment: Mapping[str, str], *, hostname: str) -> Settings:
    """Return the settings.

    Raises:
        SettingsError: a variable is missing or makes no sense; the message names it.
    """
    image = environment.get("KUBETUNE_COLLECTOR_IMAGE", "")
    if not image:
        raise SettingsError(
            "KUBETUNE_COLLECTOR_IMAGE is not set: name the image of the metrics sidecar"
        )
    listed = environment.get("KUBETUNE_NAMESPACES", "")
    namespaces = tuple(sorted({name.strip() for name in listed.split(",")} - {""}))
    for name in namespaces:
        if not _LABEL.match(name):
            raise SettingsError(
                f"KUBETUNE_NAMESPACES: {name!r} is not the name of a namespace; list names, "
                "separated by commas"
            )
    return Settings(
        namespaces=namespaces,
        sidecar=Sidecar(image=image, resources=_resources(environment)),
        role_kind=_role_kind(environment),
        lease_namespace=environment.get("POD_NAMESPACE", "kubetune-system"),
        lease_name=environment.get("KUBETUNE_LEASE_NAME", LEASE),
        identity=environment.get("POD_NAME", hostname),
        leader_election=_truth(environment, "KUBETUNE_LEADER_ELECTION", default=True),
        lease_seconds=_number(environment, "KUBETUNE_LEASE_SECONDS", default=15, least=2),
        port=_number(environment, "KUBETUNE_PORT", default=8080, most=65535),
        workers=_number(environment, "KUBETUNE_WORKERS", default=8, least=1),
        log_level=_level(environment),
    )


def _resources(environment: Mapping[str, str]) -> Resources:
    """Return requests and limits as JSON has them; the API server judges what they mean."""
    text = environment.get("KUBETUNE_COLLECTOR_RESOURCES", "")
    if not text:
        return RESOURCES
    try:
        found: Resources = _resources_decoder.decode(text)
    except msgspec.MsgspecError as error:
        raise SettingsError(
            f"KUBETUNE_COLLECTOR_RESOURCES={text!r} is not the resources of a container, such as "
            f'{{"requests": {{"cpu": "10m"}}, "limits": {{"memory": "32Mi"}}}}: {error}'
        ) from error
    return found


def _truth(environment: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = environment.get(name, str(default)).lower()
    if text not in ("true", "false"):
        raise SettingsError(f"{name}={text!r} is neither true nor false")
    return text == "true"


def _role_kind(environment: Mapping[str, str]) -> RoleKind:
    text = environment.get("KUBETUNE_ROLE_KIND", RoleKind.CLUSTER_ROLE)
    if text not in list(RoleKind):
        raise SettingsError(f"KUBETUNE_ROLE_KIND={text!r} is neither ClusterRole nor Role")
    return RoleKind(text)


def _number(
    environment: Mapping[str, str], name: str, *, default: int, least: int = 0, most: int = 3600
) -> int:
    text = environment.get(name, str(default))
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise SettingsError(f"{name}={text!r} is not a number from {least} to {most}")
    return int(text)


def _level(environment: Mapping[str, str]) -> str:
    level = environment.get("KUBETUNE_LOG_LEVEL", "INFO").upper()
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise SettingsError(f"KUBETUNE_LOG_LEVEL={level!r} is none of DEBUG, INFO, WARNING, ERROR")
    return level
