"""What `kubetune run` refuses, before it starts anything."""

from pathlib import Path
from typing import Any

import pytest

from kubetune.cli.exits import ExitCode
from kubetune.cli.main import main
from tests.cli.runs import call, kept, shell
from tests.local.local_builders import manifest


def test_every_fault_of_a_manifest_is_told_with_its_line(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del desk
    body = manifest(limits={"maxTrials": 0}, strategy={"type": "Magic"})
    assert call(body) == ExitCode.FAILED
    err = capsys.readouterr().err
    assert "toy.yaml: TuningJob toy: 2 faults\n  line" in err
    assert not Path(".kubetune").exists()


def test_an_image_without_a_command_is_told(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del desk
    assert call(manifest(container={"command": [], "args": ["$(params.x)"]})) == ExitCode.FAILED
    assert "(train) has no command, so it runs what its image says" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (
            manifest(container={"command": ["no-such", "$(params.x)"]}),
            ExitCode.FAILED,
            "'no-such' is not a program on this machine",
        ),
        (manifest(container=shell(), suspend=True), ExitCode.FAILED, "set spec.suspend to false"),
    ],
    ids=["no program", "suspended"],
)
def test_what_stands_in_the_way_is_one_line(
    desk: Path,
    capsys: pytest.CaptureFixture[str],
    body: dict[str, Any],
    code: int,
    words: str,
) -> None:
    del desk
    assert call(body) == code
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert words in line


def test_a_change_of_what_is_fixed_is_refused_with_the_remedy(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del desk
    call(manifest(container=shell()))
    before = kept()
    capsys.readouterr()
    assert call(manifest(container=shell("echo $(params.x)"))) == ExitCode.FAILED
    err = capsys.readouterr().err
    assert "choose another --directory" in err
    assert "spec.trial can't be changed within a run: set a new spec.runId" in err
    assert kept() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [("a: [", "is not YAML"), ("kind: Pod", "no TuningJobs"), ("", "no TuningJobs")],
    ids=["not YAML", "something else", "nothing"],
)
def test_a_file_without_a_tuning_job_is_told(
    desk: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    (desk / "toy.yaml").write_text(text)
    assert main(["kubetune", "run", "-f", "toy.yaml"]) in (ExitCode.FAILED, ExitCode.USAGE)
    assert words in capsys.readouterr().err
