"""The operator's command line: every setting as an option, which goes before the environment."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_OPTIONS: Mapping[str, tuple[str, str]] = {
    "--namespaces": ("KUBETUNE_NAMESPACES", "namespaces to watch, separated by commas; all"),
    "--collector-image": ("KUBETUNE_COLLECTOR_IMAGE", "image of the metrics sidecar; no default"),
    "--collector-resources": ("KUBETUNE_COLLECTOR_RESOURCES", "its requests and limits, in JSON"),
    "--role-kind": ("KUBETUNE_ROLE_KIND", "kind of the roles of trials' pods; ClusterRole"),
    "--workers": ("KUBETUNE_WORKERS", "TuningJobs handled at the same time; 8"),
    "--port": ("KUBETUNE_PORT", "port of /healthz, /readyz and /metrics; 8080"),
    "--log-level": ("KUBETUNE_LOG_LEVEL", "DEBUG, INFO, WARNING or ERROR; INFO"),
    "--leader-election": ("KUBETUNE_LEADER_ELECTION", "true or false; true"),
    "--lease-name": ("KUBETUNE_LEASE_NAME", "the Lease of the leader election; kubetune-operator"),
    "--lease-seconds": ("KUBETUNE_LEASE_SECONDS", "how long a Lease holds; 15"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says.

    Attributes:
        settings: Settings by the name of their environment variable.
        check: Check the installation and end, instead of running.
    """

    settings: Mapping[str, str]
    check: bool


def parse_arguments(arguments: Sequence[str]) -> Options:
    """Return what the command line says; ends the process where it makes no sense."""
    found = vars(build_parser().parse_args(arguments))
    check = bool(found.pop("check"))
    return Options(settings={k: v for k, v in found.items() if v is not None}, check=check)


def build_parser() -> argparse.ArgumentParser:
    """The parser."""
    parser = argparse.ArgumentParser(
        prog="python -m kubetune.controller",
        description="The Kubetune operator. Each option may be set by the environment variable "
        "that it names; its default stands behind the semicolon.",
    )
    for option, (variable, text) in _OPTIONS.items():
        parser.add_argument(
            option, dest=variable, metavar="VALUE", help=f"{text} (environment: {variable})"
        )
    parser.add_argument(
        "--check",
        action="store_true",
        help="ask the cluster whether the kinds, the rights and a leader are there, and end",
    )
    return parser
