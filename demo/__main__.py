"""Tune a real model on a real cluster: bring it up, install Kubetune, apply a TuningJob, watch.

With KUBETUNE_KUBECONFIG and KUBETUNE_CONTEXT set, that cluster is used and this machine is left
alone.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.cluster.cli import run as cluster_command
from tests.cluster.deploy import deploy, kubectl, with_images
from tests.cluster.errors import BringUpError
from tests.cluster.layout import default_layout
from tests.cluster.target import Target, gpu_resource, resolve_target

NAMESPACE: Final = "kubetune-demo"
SAMPLE: Final = Path(__file__).resolve().parents[1] / "manifests" / "samples" / "hyperband.yaml"
JOB: Final = "hyperband"


def main() -> int:
    """Run the demo; the exit code is that of watching the job."""
    try:
        return _demo(os.environ)
    except BringUpError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted; `make demo` begins again, `make cluster-down` cleans up\n")
        return 130


def _demo(environment: Mapping[str, str]) -> int:
    _say("1/4  a cluster, with the images of the operator, the collector and the trainer")
    if cluster_command(["up", "--images"]) != 0:
        return 1
    target = resolve_target(environment)
    _say("2/4  Kubetune, from manifests/")
    deploy(target, environment)
    _say(f"3/4  a TuningJob, from {SAMPLE.relative_to(Path.cwd())}")
    _apply_sample(target, environment)
    _say("4/4  tuning\n")
    options = [f"--kubeconfig={target.kubeconfig}", f"--context={target.context}"]
    command = [sys.executable, "-m", "kubetune.cli", *options, "-n", NAMESPACE]
    code = subprocess.run([*command, "watch", JOB], check=False).returncode
    _print_next_steps(target)
    return code


def _apply_sample(target: Target, environment: Mapping[str, str]) -> None:
    """Apply the sample to a fresh namespace, so that each demo begins at its first trial."""
    kubectl(target, "delete", "namespace", NAMESPACE, "--ignore-not-found")
    kubectl(target, "create", "namespace", NAMESPACE)
    # The trials pass the strictest profile that Kubernetes has.
    label = "pod-security.kubernetes.io/enforce=restricted"
    kubectl(target, "label", "namespace", NAMESPACE, label)
    sample = with_images(SAMPLE.read_text(encoding="utf-8"), environment)
    sample = sample.replace("nvidia.com/gpu", gpu_resource(environment))
    kubectl(target, "-n", NAMESPACE, "apply", "-f", "-", stdin=sample)


def _print_next_steps(target: Target) -> None:
    layout = default_layout()
    program = layout.kubectl if layout.kubectl.exists() else "kubectl"
    down = "make cluster-down" if target.own else f"kubectl delete namespace {NAMESPACE}"
    sys.stdout.write(
        f"""
Look further:
  alias k='{program} --kubeconfig={target.kubeconfig} --context={target.context} -n {NAMESPACE}'
  k get tuningjobs,trials
  k describe tuningjob {JOB}
  k get trials --field-selector status.state=EarlyStopped
  k get tuningjob {JOB} -o jsonpath='{{.status.best.parameters}}'
Take it down:
  {down}
"""
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
