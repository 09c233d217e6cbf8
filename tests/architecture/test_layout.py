"""What the tree itself promises: where things are, how large they are, who imports whom."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE_ROOT = ROOT / "operator"
PACKAGE = SOURCE_ROOT / "kubetune"
SOURCES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

MEDIAN_LINES = 150
MOST_LINES = 350


def committed() -> Iterator[Path]:
    """Yield the files that git has, or would have after adding everything."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    yield from (path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file())


def test_the_source_root_is_no_package() -> None:
    assert list(SOURCE_ROOT.glob("__init__.py*")) == [], "it would hide the standard library's own"


def test_operator_is_the_standard_librarys_from_the_root_of_the_repository() -> None:
    program = "import operator; print(operator.__file__); operator.itemgetter"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not Path(run.stdout.strip()).is_relative_to(ROOT)


def test_nothing_that_a_source_root_offers_hides_a_module_of_the_standard_library() -> None:
    offered = {
        path.stem
        for root in (ROOT, SOURCE_ROOT)
        for path in root.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert "kubetune" in offered
    assert offered & sys.stdlib_module_names == set()


def test_every_folder_of_the_package_is_a_package_that_says_what_it_is_for() -> None:
    silent = []
    for folder in {path.parent for path in SOURCES}:
        init = folder / "__init__.py"
        text = init.read_text("utf-8") if init.exists() else ""
        if not ast.get_docstring(ast.parse(text)):
            silent.append(str(init.relative_to(ROOT)))
    assert silent == []


def test_imports_are_absolute() -> None:
    relative = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level > 0
    ]
    assert relative == [], "a module named queue must never stand in for the standard library's"


def test_the_contracts_about_imports_are_kept() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [str(program), "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert " 0 broken" in run.stdout


@pytest.mark.parametrize("files", [SOURCES, TESTS], ids=["the package", "the tests"])
def test_files_are_short(files: list[Path]) -> None:
    lines = {path: len(path.read_text("utf-8").splitlines()) for path in files}
    long = {str(path.relative_to(ROOT)): n for path, n in lines.items() if n > MOST_LINES}
    assert long == {}
    modules = [n for path, n in lines.items() if path.name != "__init__.py"]
    assert median(modules) < MEDIAN_LINES


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
def test_no_file_names_a_folder_of_the_developers() -> None:
    someones = re.compile(rf"/(?:home|Users)/\w{{2,}}|{re.escape(str(ROOT))}(?:/|\b)")
    found = []
    for path in committed():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {hit}" for hit in someones.findall(text)]
    assert found == []
