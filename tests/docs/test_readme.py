"""Every command of the README is run, and what it shows is true."""

import os
import re
import shlex
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubetune.cli.exits import ExitCode
from kubetune.cli.main import main
from kubetune.cli.validate import validate
from tests.cluster.deploy import with_images
from tests.cluster.images import IMAGES
from tests.cluster.layout import default_layout
from tests.conftest import TestCluster
from tests.docs.readme import ROOT, blocks, commands, links, manifest

# Not run here, and where instead. What begins with `target` or `build` has a test below.
ELSEWHERE = {
    "make demo": "target: brings up the cluster that this test runs on",
    "make test": "target: this test is a part of it",
    "make setup": "target: every other target begins with it",
    "export PATH=$PWD/.venv/bin:$PATH": "the environment of the run below",
    "export REGISTRY=registry.example/team": "the environment of the run below",
    "docker build --file operator/Dockerfile --target operator"
    " --tag $REGISTRY/kubetune/operator:1 .": "build",
    "docker build --file operator/Dockerfile --target collector"
    " --tag $REGISTRY/kubetune/collector:1 .": "build",
    "docker build --tag $REGISTRY/kubetune/trainer:1 manifests/samples/trainer": "build",
    "docker push $REGISTRY/kubetune/operator:1": "needs a registry",
    "docker push $REGISTRY/kubetune/collector:1": "needs a registry",
    "docker push $REGISTRY/kubetune/trainer:1": "needs a registry",
    "export KUBETUNE_KUBECONFIG=$HOME/.kube/config KUBETUNE_CONTEXT=kind-lab": (
        "tests/cluster_unit/test_cluster_target.py"
    ),
    ".venv/bin/python -m tests.cluster up": "the run itself begins with it",
}

# Kubetune is installed when the run begins, with the images of this run; the API server judges
# these without doing them.
DRY_RUN = {
    "kubectl apply -k manifests/",
    (
        "kubectl -n kubetune-system set image deployment/kubetune"
        " operator=$REGISTRY/kubetune/operator:1"
    ),
    (
        "kubectl -n kubetune-system set env deployment/kubetune"
        " KUBETUNE_COLLECTOR_IMAGE=$REGISTRY/kubetune/collector:1"
    ),
}


def run_here() -> tuple[str, ...]:
    return tuple(command for command in commands() if command not in ELSEWHERE)


def test_a_command_that_is_not_run_here_is_named_with_where_it_is() -> None:
    runnable = re.compile(r"kubectl |kubetune ")
    strangers = [command for command in run_here() if not runnable.match(command)]
    assert strangers == [], "neither run by this test nor in ELSEWHERE"
    assert set(ELSEWHERE) <= set(commands()), "no longer on the page"
    assert set(commands()) >= DRY_RUN, "no longer on the page"


def test_a_make_target_of_the_page_exists() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    targets = set(re.findall(r"make ([a-z][a-z-]+)`", text))
    targets |= {c.removeprefix("make ") for c, why in ELSEWHERE.items() if why[:6] == "target"}
    rules = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert {"demo", "test"} <= targets
    assert targets - rules == set()


def test_a_build_command_is_how_the_run_builds_that_image() -> None:
    built = set()
    for command in (command for command, where in ELSEWHERE.items() if where == "build"):
        _, _, *words = shlex.split(command)
        context = words.pop()
        options = dict(zip(words[::2], words[1::2], strict=True))
        dockerfile = options.get("--file", f"{context}/Dockerfile")
        built.add((dockerfile, options.get("--target"), context))
    assert built == {(image.dockerfile, image.target, image.context) for image in IMAGES}


def test_a_link_leads_to_a_file_of_the_repository() -> None:
    assert links()
    assert [target for target in links() if not (ROOT / target).exists()] == []


def test_the_example_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "digits.yaml"
    path.write_text(manifest(), encoding="utf-8")
    out = StringIO()
    code = validate([str(path)], output="text", quiet=True, stdin=StringIO(), out=out)
    assert code is ExitCode.OK, out.getvalue()
    assert yaml.safe_load(manifest())["metadata"]["name"] == path.stem


def test_a_simulation_tells_what_the_page_shows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    (command,) = (command for command in commands() if command.startswith("kubetune simulate"))
    assert main(shlex.split(command)) == ExitCode.OK
    assert capsys.readouterr().out in {block.text for block in blocks("text")}


@pytest.mark.apiserver
def test_the_api_server_takes_the_example(crds: TestCluster, namespace: str) -> None:
    dry = ("apply", "-n", namespace, "--dry-run=server", "--validate=strict", "-f", "-")
    assert "digits created" in crds.kubectl(*dry, stdin=manifest()).stdout


@pytest.fixture
def desk(kubetune: TestCluster, namespace: str, tmp_path: Path) -> Path:
    """A folder as the README's reader has it: the repository, digits.yaml and a kubeconfig."""
    # The page is about a namespace that asks nothing special of its pods.
    kubetune.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce-")
    for name in ("manifests", "crds"):
        (tmp_path / name).symlink_to(ROOT / name)
    digits = with_images(manifest(), os.environ)
    (tmp_path / "digits.yaml").write_text(digits, encoding="utf-8")
    view = kubetune.kubectl("config", "view", "--raw", "--minify", "--flatten").stdout
    config: dict[str, Any] = yaml.safe_load(view)
    config["contexts"][0]["context"]["namespace"] = namespace
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(config), encoding="utf-8")
    kubeconfig.chmod(0o600)
    return tmp_path


@pytest.mark.cluster
def test_the_commands_work_in_the_order_of_the_page(desk: Path) -> None:
    path = [str(default_layout().tools), str(Path(sys.executable).parent), os.environ["PATH"]]
    environment = {
        **os.environ,
        "KUBECONFIG": str(desk / "kubeconfig"),
        "PATH": ":".join(path),
        "REGISTRY": "registry.example/team",
    }
    shown: dict[str, str] = {}
    for command in run_here():
        line = f"{command} --dry-run=server" if command in DRY_RUN else command
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            cwd=desk,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        shown[command] = done.stdout
    assert "digits is Complete" in shown["kubectl kubetune watch digits"]
    assert "--learning_rate=" in shown["kubectl kubetune best digits -o args"]
    assert "KUBETUNE_PARAM_HIDDEN=" in shown["kubectl kubetune best digits -o env"]
    (table,) = [block.text for block in blocks("text") if block.text.startswith("NAME")]
    columns = shown["kubectl get tuningjobs"].splitlines()[0].split()
    assert table.splitlines()[0].split() == columns
