"""Install Kubetune into a cluster from manifests/, with the images that the environment names.

    python -m tests.cluster.deploy

is what `kubectl apply -k manifests/` does, plus the images, plus waiting until the operator is
ready. The demo and the end-to-end tests begin with it.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.cluster.errors import BringUpError
from tests.cluster.layout import default_layout
from tests.cluster.target import IMAGES, Target, image_of, resolve_target

ROOT: Final = Path(__file__).resolve().parents[2]
ROLLOUT_TIMEOUT: Final = "120s"
KINDS: Final = {"tuningjobs.kubetune.dev": "TuningJob", "trials.kubetune.dev": "Trial"}


def kubectl(
    target: Target, *arguments: str, stdin: str | None = None, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run kubectl on the target and return what it printed.

    Raises:
        BringUpError: it failed, and `check` is set; the message holds its own words.
    """
    command = kubectl_command(target, *arguments)
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise BringUpError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done


def kubectl_command(target: Target, *arguments: str) -> list[str]:
    """Return the words of a kubectl command on the target."""
    built = default_layout().kubectl
    program = str(built) if built.exists() else "kubectl"
    return [program, f"--kubeconfig={target.kubeconfig}", f"--context={target.context}", *arguments]


def with_images(manifests: str, environment: Mapping[str, str]) -> str:
    """Return manifests in which the development images are those that the environment names."""
    for required in IMAGES:
        manifests = manifests.replace(required.name, image_of(required, environment))
    return manifests


def deploy(target: Target, environment: Mapping[str, str]) -> None:
    """Install Kubetune, or bring it up to date, and wait until the operator is ready."""
    rendered = kubectl(target, "kustomize", str(ROOT / "manifests")).stdout
    kubectl(target, "apply", "-f", "-", stdin=with_images(rendered, environment))
    wait_for_kinds(target)
    if target.own:
        # The development image keeps its name: only a new pod takes the one just loaded.
        kubectl(target, "-n", "kubetune-system", "rollout", "restart", "deployment/kubetune")
    kubectl(
        target,
        *("-n", "kubetune-system", "rollout", "status", "deployment/kubetune"),
        f"--timeout={ROLLOUT_TIMEOUT}",
    )


def wait_for_kinds(target: Target, kinds: Mapping[str, str] = KINDS) -> None:
    """Wait until the API server serves kinds, by the names of their definitions.

    A definition that is a moment old has `conditions: null`, at which `kubectl wait` for a
    condition gives up; they come together with the accepted names.
    """
    for definition, kind in kinds.items():
        named = f"--for=jsonpath={{.status.acceptedNames.kind}}={kind}"
        for condition in (named, "--for=condition=Established"):
            kubectl(target, "wait", condition, f"crd/{definition}")


def main() -> int:
    """Install into the cluster that the environment names."""
    try:
        deploy(resolve_target(os.environ), os.environ)
    except BringUpError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
