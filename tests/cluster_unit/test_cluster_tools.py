"""Tools are taken from the machine where it has them, and from the cache where they were built."""

import shutil
from pathlib import Path

import pytest

from tests.cluster.errors import BringUpError
from tests.cluster.layout import Layout
from tests.cluster.progress import Reporter
from tests.cluster.tools import TOOLS, install_tools


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(repository=tmp_path, state=tmp_path / "state", cache=tmp_path / "cache")


def make_program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def built(layout: Layout, name: str) -> Path:
    module = next(tool.module for tool in TOOLS if tool.name == name)
    return layout.cache / f"{name}-{module.partition('@')[2]}" / name


def test_a_tool_that_the_machine_has_is_used_and_the_others_come_from_the_cache(
    layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = make_program(tmp_path / "bin" / "helm")
    ours = make_program(built(layout, "kwok"))
    make_program(built(layout, "promtool"))
    monkeypatch.setenv("PATH", str(theirs.parent))
    install_tools(layout, Reporter())
    assert (layout.tools / "helm").resolve() == theirs
    assert (layout.tools / "kwok").resolve() == ours


def test_a_link_of_our_own_on_the_path_is_not_taken_for_the_machines(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    for tool in TOOLS:
        make_program(built(layout, tool.name))
    monkeypatch.setenv("PATH", str(layout.tools))
    for _ in range(2):
        install_tools(layout, Reporter())
    for tool in TOOLS:
        assert (layout.tools / tool.name).resolve() == built(layout, tool.name)


def test_a_tool_that_is_missing_is_built_and_a_failed_build_leaves_nothing_that_looks_whole(
    layout: Layout,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    go = make_program(tmp_path / "bin" / "go")
    # The module is the last word of `go install`.
    go.write_text(
        '#!/bin/sh\nfor word; do module=$word; done\nmkdir -p "$GOBIN"; name=${module%@*}\n'
        'echo "$module" > "$GOBIN/${name##*/}"\n'
    )
    monkeypatch.setenv("PATH", f"{go.parent}:/usr/bin:/bin")
    monkeypatch.setattr(shutil, "which", lambda name, **_: str(go) if name == "go" else None)
    install_tools(layout, Reporter())
    for tool in TOOLS:
        assert (layout.tools / tool.name).read_text().strip() == tool.module
    said = "".join(capsys.readouterr())
    assert all(f"installing {tool.name}: {tool.why}" in said for tool in TOOLS)

    go.write_text('#!/bin/sh\nmkdir -p "$GOBIN"; echo no such module; exit 1\n')
    shutil.rmtree(layout.cache)
    with pytest.raises(BringUpError, match="no such module"):
        install_tools(layout, Reporter())
    assert not built(layout, "helm").parent.exists()
