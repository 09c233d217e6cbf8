"""Every sample is valid, passes the restricted Pod Security profile and says what it shows."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubetune.cli.exits import ExitCode
from kubetune.cli.validate import validate

SAMPLES = sorted((Path(__file__).parents[2] / "manifests/samples").glob("*.yaml"))
NAMES = [path.stem for path in SAMPLES]


def test_there_is_a_sample_of_everything() -> None:
    assert NAMES == [
        "annotation",
        "bayesian",
        "convergence",
        "file",
        "gpu",
        "grid",
        "hyperband-promotion",
        "hyperband-synchronous",
        "hyperband",
        "kueue",
        "median-stopping",
        "multi-metric",
        "random",
        "warm-start",
    ]


def first_job(path: Path) -> dict[str, Any]:
    out = StringIO()
    code = validate([str(path)], output="yaml", quiet=False, stdin=StringIO(), out=out)
    assert code is ExitCode.OK
    job: dict[str, Any] = yaml.safe_load(out.getvalue())
    return job


@pytest.mark.parametrize("path", SAMPLES, ids=NAMES)
def test_a_sample_is_valid_and_small_enough_for_a_small_node(path: Path) -> None:
    pod = first_job(path)["spec"]["template"]["spec"]
    assert "$(params" not in str(pod)
    for container in pod["containers"]:
        assert container["resources"]["requests"] == {"cpu": "100m", "memory": "256Mi"}


@pytest.mark.parametrize("path", SAMPLES, ids=NAMES)
def test_a_sample_passes_the_restricted_profile(path: Path) -> None:
    pod = first_job(path)["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["readOnlyRootFilesystem"] is True


@pytest.mark.parametrize("path", SAMPLES, ids=NAMES)
def test_a_sample_says_what_it_shows_and_names_itself_in_its_commands(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    name = yaml.safe_load(text)["metadata"]["name"]
    assert name == path.stem
    comment = [line for line in text.splitlines() if line.startswith("#")]
    assert text.splitlines()[: len(comment)] == comment
    assert f"#   kubectl apply -f manifests/samples/{path.name}" in comment
    assert f"#   kubectl kubetune watch {name}" in comment


@pytest.mark.parametrize("name", ["gpu", "hyperband"])
def test_samples_that_ask_for_a_gpu_limit_it(name: str) -> None:
    (path,) = [path for path in SAMPLES if path.stem == name]
    (container,) = first_job(path)["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1


def test_the_label_of_a_queue_reaches_the_job() -> None:
    (path,) = [path for path in SAMPLES if path.stem == "kueue"]
    assert first_job(path)["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "user-queue"
