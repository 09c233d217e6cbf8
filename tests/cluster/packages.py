"""System packages that the node and the image builds need, installed when they are missing."""

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.cluster.commands import SYSTEM_PATH, run_long, system_environment
from tests.cluster.errors import BringUpError
from tests.cluster.layout import Layout
from tests.cluster.lock import held
from tests.cluster.progress import Reporter


@dataclass(frozen=True, slots=True)
class Package:
    """A Debian package, a file that shows it is there, and why the cluster needs it.

    `shown_by` is a command's name, or an absolute path.
    """

    name: str
    shown_by: str
    why: str


NODE_PACKAGES: Final = (
    Package("containerd", "containerd", "runs the containers"),
    Package("runc", "runc", "starts each container for containerd"),
    Package("containernetworking-plugins", "/usr/lib/cni/bridge", "gives pods their network"),
    Package("iptables", "iptables", "kube-proxy writes the service addresses with it"),
    Package("iproute2", "ip", "makes and removes the pods' bridge"),
)
IMAGE_PACKAGES: Final = (
    Package("buildah", "buildah", "builds images from Dockerfiles without a daemon"),
    Package("debootstrap", "debootstrap", "makes the base image, no registry needed"),
    Package(
        "debian-archive-keyring",
        "/usr/share/keyrings/debian-archive-keyring.gpg",
        "proves that the base image's packages are Debian's",
    ),
)


def missing(packages: Iterable[Package]) -> tuple[Package, ...]:
    """Those of `packages` that this machine does not have."""
    path = f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}"
    return tuple(
        package
        for package in packages
        if not (
            Path(package.shown_by).exists()
            if package.shown_by.startswith("/")
            else shutil.which(package.shown_by, path=path)
        )
    )


def install(layout: Layout, packages: Sequence[Package], reporter: Reporter) -> None:
    """Install what is missing of `packages`, with one line each on what and why.

    Raises:
        BringUpError: apt-get is not there, or failed.
    """
    if not missing(packages):
        return
    with held(layout.cache / "packages.lock", reporter):
        wanted = missing(packages)
        if not wanted:
            return
        for package in wanted:
            reporter.say(f"installing {package.name}: {package.why}")
        if shutil.which("apt-get", path=SYSTEM_PATH) is None:
            names = ", ".join(package.name for package in wanted)
            raise BringUpError(f"this machine has no apt-get; please install these: {names}")
        _apt(layout, ["update"], reporter)
        _apt(
            layout,
            ["install", "--yes", "--no-install-recommends", *(each.name for each in wanted)],
            reporter,
        )
        absent = missing(wanted)
        if absent:
            found = ", ".join(f"{each.name} ({each.shown_by})" for each in absent)
            raise BringUpError(f"installed, but still not found: {found}")


def _apt(layout: Layout, arguments: Sequence[str], reporter: Reporter) -> None:
    run_long(
        # Another apt (a machine's own upgrades at boot) may hold the lock for a while.
        ["apt-get", "-o", "DPkg::Lock::Timeout=120", *arguments],
        doing=f"apt-get {arguments[0]}",
        log=layout.cache / "logs" / f"apt-{arguments[0]}.log",
        reporter=reporter,
        describe=lambda _, last: f"apt-get {arguments[0]}: {last[:60]}",
        environment={**system_environment(), "DEBIAN_FRONTEND": "noninteractive"},
    )
