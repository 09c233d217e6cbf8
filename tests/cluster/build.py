"""Build Kubernetes and the pause program from source, once per state of the Go module."""

import hashlib
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.cluster.commands import run, run_long, system_environment
from tests.cluster.errors import BringUpError
from tests.cluster.layout import KUBERNETES_VERSION, Layout
from tests.cluster.lock import held
from tests.cluster.progress import Reporter

COMPONENTS: Final = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "kubelet",
)
"""The names under which the one binary runs as a part of the cluster; it is kubectl as well."""

PACKAGES_TO_COMPILE: Final = 2700
"""How many packages `go build -v` names when nothing is cached; only progress lines use it."""

_MAJOR, _MINOR, _ = KUBERNETES_VERSION.removeprefix("v").split(".")
_VERSION_PACKAGE: Final = "k8s.io/component-base/version"
LINKER_FLAGS: Final = (
    f"-s -w -X {_VERSION_PACKAGE}.gitVersion={KUBERNETES_VERSION}"
    f" -X {_VERSION_PACKAGE}.gitMajor={_MAJOR} -X {_VERSION_PACKAGE}.gitMinor={_MINOR}"
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder that holds every program of the node under its own name."""

    folder: Path

    def path(self, name: str) -> str:
        """The program `name`, as the first word of a command line."""
        return str(self.folder / name)


def inputs(module: Path) -> tuple[Path, ...]:
    """The files of the Go module that decide what is built, in a fixed order."""
    sources = (path for path in module.rglob("*.go"))
    return (module / "go.mod", module / "go.sum", *sorted(sources))


def inputs_hash(files: Iterable[Path], *, module: Path, settings: Iterable[str]) -> str:
    """A name for what is built from `files` with `settings`: twelve hexadecimal digits.

    A file that moves, changes or goes gives another name; its date does not.
    """
    digest = hashlib.sha256()
    for setting in settings:
        digest.update(f"setting {setting}\0".encode())
    for file in files:
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(module).as_posix()} {content}\0".encode())
    return digest.hexdigest()[:12]


def build(layout: Layout, reporter: Reporter) -> Binaries:
    """The node's programs, built now unless this state of the module was built before.

    Raises:
        BringUpError: Go is missing or older than the module asks for, or the build failed.
    """
    go = find_go()
    key = inputs_hash(
        inputs(layout.module),
        module=layout.module,
        settings=(run([go, "env", "GOVERSION", "GOARCH"]), LINKER_FLAGS),
    )
    folder = layout.cache / f"node-{key}"
    if not folder.exists():
        with held(layout.cache / "build.lock", reporter):
            if not folder.exists():
                _build_into(folder, go, layout, reporter)
    link(layout.kubectl, folder / "kubectl")
    return Binaries(folder)


def _build_into(folder: Path, go: str, layout: Layout, reporter: Reporter) -> None:
    reporter.say(
        f"building Kubernetes {KUBERNETES_VERSION} from source:"
        " about 6 minutes on 2 cores the first time"
    )
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for program in ("pause", "kube"):
        run_long(
            [
                *(go, "build", "-v", "-trimpath", "-ldflags", LINKER_FLAGS),
                *("-o", str(partial / program), f"./{program}"),
            ],
            doing=f"go build ./{program}",
            log=layout.cache / "logs" / f"build-{program}.log",
            reporter=reporter,
            describe=_describe_build,
            folder=layout.module,
            environment={**system_environment(), "CGO_ENABLED": "0"},
        )
    for name in (*COMPONENTS, "kubectl"):
        (partial / name).symlink_to("kube")
    # Renamed at the very end: a folder with the final name is always complete.
    partial.rename(folder)
    for other in layout.cache.glob("node-*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    reporter.say(f"built {folder / 'kube'}")


def _describe_build(lines: int, last: str) -> str:
    if "downloading" in last:
        return f"building Kubernetes: downloading sources ({last.split()[-2]})"
    return f"building Kubernetes: {lines} of about {PACKAGES_TO_COMPILE} packages"


def find_go() -> str:
    """The go command.

    Raises:
        BringUpError: it is not installed.
    """
    places = f"{os.environ.get('PATH', '')}:/usr/local/go/bin"
    go = shutil.which("go", path=places)
    if go is None:
        raise BringUpError(
            "Go is not installed, and the cluster is built from source."
            " Install Go 1.24 or newer, or name a cluster of your own with"
            " KUBETUNE_KUBECONFIG and KUBETUNE_CONTEXT"
        )
    return go


def link(name: Path, target: Path) -> None:
    """Have the symbolic link `name` lead to `target`, at no moment to nothing."""
    name.parent.mkdir(parents=True, exist_ok=True)
    if name.is_symlink() and name.readlink() == target:
        return
    fresh = name.with_suffix(f".{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(name)
