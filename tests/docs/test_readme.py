"""Every command of the README is run, and what it shows is true."""

import re
import shlex
from io import StringIO
from pathlib import Path

import pytest
import yaml

from kubetune.cli.exits import ExitCode
from kubetune.cli.validate import validate
from tests.cluster.images import IMAGES
from tests.conftest import TestCluster
from tests.docs.desk import make_desk, run_page
from tests.docs.pages import ROOT, Page

README = Page(ROOT / "README.md")
COMMANDS = [command for block in README.of("sh") for command in block.commands]
LONGEST = 248  # lines, of which two are figures of what was measured


def test_a_make_target_of_the_page_exists() -> None:
    targets = set(re.findall(r"make ([a-z][a-z-]+)`", README.text))
    targets |= {c.removeprefix("make ") for c in COMMANDS if c.startswith("make ")}
    rules = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert {"demo", "test"} <= targets
    assert targets - rules == set()


def test_a_build_command_is_how_the_run_builds_that_image() -> None:
    built = set()
    for command in (command for command in COMMANDS if command.startswith("docker build ")):
        _, _, *words = shlex.split(command)
        context = words.pop()
        options = dict(zip(words[::2], words[1::2], strict=True))
        dockerfile = options.get("--file", f"{context}/Dockerfile")
        built.add((dockerfile, options.get("--target"), context))
    assert built == {(image.dockerfile, image.target, image.context) for image in IMAGES}


def test_a_command_is_not_run_only_where_the_page_says_why() -> None:
    left_out = [block for block in README.of("sh") if block.remark == "Not run"]
    assert all(block.reason for block in left_out)
    runnable = [c for b in README.of("sh") if b.remark != "Not run" for c in b.commands]
    assert [c for c in runnable if not c.startswith(("kubectl ", "kubetune "))] == []


def test_the_page_is_short_enough_to_be_read() -> None:
    assert len(README.text.splitlines()) <= LONGEST


def test_the_example_is_valid(tmp_path: Path) -> None:
    (example,) = README.of("yaml")
    path = tmp_path / example.file
    path.write_text(example.text, encoding="utf-8")
    out = StringIO()
    code = validate([str(path)], output="text", quiet=True, stdin=StringIO(), out=out)
    assert code is ExitCode.OK, out.getvalue()
    assert yaml.safe_load(example.text)["metadata"]["name"] == path.stem


@pytest.mark.apiserver
def test_the_api_server_takes_the_example(crds: TestCluster, namespace: str) -> None:
    (example,) = README.of("yaml")
    dry = ("apply", "-n", namespace, "--dry-run=server", "--validate=strict", "-f", "-")
    assert "digits created" in crds.kubectl(*dry, stdin=example.text).stdout


@pytest.mark.cluster
def test_the_commands_work_in_the_order_of_the_page(
    kubetune: TestCluster, namespace: str, tmp_path: Path
) -> None:
    desk = make_desk(kubetune, namespace, tmp_path, README)
    desk.environment["REGISTRY"] = "registry.example/team"
    run_page(desk, README)
    left = desk.run("kubectl get tuningjobs --no-headers --ignore-not-found")
    assert left == "", "the page ends by deleting what it made"
