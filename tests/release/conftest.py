"""What a release consists of, built once for all tests, and installed where nothing else is."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from release.build import build
from release.project import ROOT

REGISTRY = "registry.example/team"


@dataclass(frozen=True, slots=True)
class Dist:
    """The archives of a release, by what they are."""

    folder: Path

    def only(self, pattern: str) -> Path:
        (path,) = self.folder.glob(pattern)
        return path

    @property
    def wheel(self) -> Path:
        return self.only("*.whl")

    @property
    def sdist(self) -> Path:
        return self.only("*.tar.gz")

    @property
    def chart(self) -> Path:
        return self.only("*.tgz")


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory, helm_program: str) -> Dist:
    folder = tmp_path_factory.mktemp("dist")
    build(folder, registry=REGISTRY, helm=helm_program)
    return Dist(folder)


Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def clean(dist: Dist, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment into which the wheel was installed, without any extra.

    By uv, because pip takes half a minute to compile what these tests hardly import.
    """
    folder = tmp_path_factory.mktemp("clean") / "environment"
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    options = ("--quiet", "--python", str(folder), "--constraint", str(ROOT / "constraints.txt"))
    subprocess.run([*uv, "pip", "install", *options, str(dist.wheel)], check=True)
    return folder / "bin"


@pytest.fixture
def kubetune(clean: Path, tmp_path: Path) -> Program:
    """Runs the installed command away from the repository, which must not be what answers."""
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [clean / "kubetune", *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run
