"""Things that take long to make are made again when, and only when, their inputs change."""

from pathlib import Path

import pytest

from tests.cluster.build import inputs, inputs_hash
from tests.cluster.images import content_hash, input_files


@pytest.fixture
def module(tmp_path: Path) -> Path:
    (tmp_path / "kube").mkdir()
    (tmp_path / "go.mod").write_text("module x\n")
    (tmp_path / "go.sum").write_text("")
    (tmp_path / "kube" / "main.go").write_text("package main\n")
    return tmp_path


def key(module: Path, settings: tuple[str, ...] = ("go1",)) -> str:
    return inputs_hash(inputs(module), module=module, settings=settings)


def test_the_same_inputs_give_the_same_key_whatever_their_dates(module: Path) -> None:
    before = key(module)
    (module / "go.mod").touch()
    (module / "README").write_text("not an input")

    assert key(module) == before
    assert len(before) == 12


@pytest.mark.parametrize("file", ["go.mod", "go.sum", "kube/main.go", "kube/new.go"])
def test_a_changed_or_new_source_gives_another_key(module: Path, file: str) -> None:
    before = key(module)
    (module / file).write_text("changed\n")

    assert key(module) != before


def test_a_source_that_moves_gives_another_key(module: Path) -> None:
    before = key(module)
    (module / "kube" / "main.go").rename(module / "main.go")

    assert key(module) != before


def test_another_compiler_gives_another_key(module: Path) -> None:
    assert key(module, ("go1",)) != key(module, ("go2",))


def test_an_image_is_made_of_sources_without_bytecode(tmp_path: Path) -> None:
    for name in ("package/a.py", "package/__pycache__/a.pyc", "pyproject.toml", "other.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)

    files = input_files(tmp_path, ("pyproject.toml", "package", "constraints.txt"))

    assert files == (tmp_path / "package/a.py", tmp_path / "pyproject.toml")


def test_another_base_or_content_gives_another_image(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("1")
    first = content_hash([file], root=tmp_path, extra="base1")
    rebased = content_hash([file], root=tmp_path, extra="base2")
    file.write_text("2")
    edited = content_hash([file], root=tmp_path, extra="base1")

    assert len({first, rebased, edited}) == 3
