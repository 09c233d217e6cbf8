"""What is made is as it is made now, and a check says what is not."""

from pathlib import Path

import pytest

from generate.__main__ import ROOT, main
from generate.files import stale, write


def test_everything_that_is_committed_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, "make generate writes it anew"
    assert capsys.readouterr().out == ""


def test_a_check_names_what_is_stale_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = {Path("docs/reference/never-written.md"): "text"}
    monkeypatch.setattr("generate.__main__.SOURCES", [lambda _: made])
    assert main(["--check"]) == 1
    said = capsys.readouterr().out
    assert said == "stale: docs/reference/never-written.md\nwrite them anew: make generate\n"
    assert stale(ROOT, made) == made


def test_files_are_stale_until_they_are_written_and_after_an_edit(tmp_path: Path) -> None:
    texts = {Path("a.txt"): "a", Path("folder/b.txt"): "b"}
    assert stale(tmp_path, texts) == texts
    write(tmp_path, texts)
    assert stale(tmp_path, texts) == {}
    (tmp_path / "folder" / "b.txt").write_text("edited", "utf-8")
    assert stale(tmp_path, texts) == {Path("folder/b.txt"): "b"}
