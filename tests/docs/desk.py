"""A folder as the reader of a page has it, and the commands of the page run in it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.deploy import with_images
from tests.cluster.layout import default_layout
from tests.conftest import TestCluster
from tests.docs.pages import ROOT, Block, Page

SECONDS = 300
"""How long one command may take."""

_EXPORT = re.compile(r"export (?P<name>\w+)=(?P<value>\S*)\Z")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Desk:
    """The project's folders, the files of a page, and a kubeconfig of a namespace.

    Attributes:
        folder: Where commands run.
        environment: What they find; an `export` of a page adds to it.
    """

    folder: Path
    environment: dict[str, str]

    def run(self, command: str, *, dry: bool = False) -> str:
        """Run a command and return what it printed; fail where it fails."""
        exported = _EXPORT.match(command)
        if exported is not None:
            # What the run itself has set, such as the namespace, stays.
            self.environment.setdefault(exported["name"], exported["value"])
            return ""
        line = f"{command} --dry-run=server" if dry else command
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout


def make_desk(cluster: TestCluster, namespace: str, folder: Path, page: Page) -> Desk:
    """Return the desk of a page's reader, who works in that namespace."""
    # The pages are about a namespace that asks nothing special of its pods, unless they say so.
    cluster.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce-")
    for name in ("manifests", "crds", "helm"):
        (folder / name).symlink_to(ROOT / name)
    for block in page.blocks:
        if block.file:
            text = with_images(block.text, os.environ)
            (folder / block.file).write_text(text, encoding="utf-8")
    view = cluster.kubectl("config", "view", "--raw", "--minify", "--flatten").stdout
    config: dict[str, Any] = yaml.safe_load(view)
    config["contexts"][0]["context"]["namespace"] = namespace
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(config), encoding="utf-8")
    kubeconfig.chmod(0o600)
    path = [str(default_layout().tools), str(Path(sys.executable).parent), os.environ["PATH"]]
    environment = {
        **os.environ,
        "KUBECONFIG": str(kubeconfig),
        "NAMESPACE": namespace,
        "PATH": ":".join(path),
    }
    return Desk(folder, environment)


def run_page(desk: Desk, page: Page) -> None:
    """Run the commands of a page in their order, and compare what it shows of their output."""
    printed = ""
    for block in page.blocks:
        if block.language == "sh" and block.remark != "Not run":
            dry = block.remark == "Dry run"
            printed = "".join(desk.run(command, dry=dry) for command in block.commands)
        elif block.language == "text" and is_output(block):
            missing = first_missing(block.text.splitlines(), printed.splitlines())
            assert missing is None, f"{page.name}:{block.line}: {missing!r} is not in\n{printed}"


def is_output(block: Block) -> bool:
    """True for a block that shows what the commands before it print."""
    return block.follows_commands and block.remark != "Not checked"


def first_missing(shown: Iterable[str], printed: Iterable[str]) -> str | None:
    """Return the first shown line that is not printed after those before it; None if all are."""
    left: Iterator[str] = iter(printed)
    for line in shown:
        if line.strip() not in ("", "...") and not any(_alike(line, other) for other in left):
            return line
    return None


def _alike(shown: str, printed: str) -> bool:
    words, others = shown.split(), printed.split()
    if words[-1:] == ["..."]:
        words.pop()
        others = others[: len(words)]
    return len(words) == len(others) and all(map(_same_word, words, others))


def _same_word(shown: str, printed: str) -> bool:
    return shown == printed or bool(_DIGIT.search(shown) and _DIGIT.search(printed))
