"""What `kubetune run` keeps is read by the other commands."""

import json
from pathlib import Path

import pytest
import yaml

from kubetune.cli.exits import ExitCode
from kubetune.cli.main import main
from tests.cli.runs import call, kept, shell
from tests.local.local_builders import manifest


def test_the_best_parameters_are_had_from_what_is_kept(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(manifest(container=shell()))
    capsys.readouterr()
    best = kept()["status"]["best"]["parameters"]["x"]
    assert main(["kubetune", "best", "-f", ".kubetune/toy", "-o", "args"]) == ExitCode.OK
    assert capsys.readouterr().out == f"--x={best}\n"
    assert main(["kubetune", "explain", "-f", ".kubetune/toy", "--trial", "0"]) == ExitCode.OK
    assert "toy-0" in capsys.readouterr().out
    assert main(["kubetune", "replay", ".kubetune/toy"]) == ExitCode.OK
    assert "toy" in capsys.readouterr().out
    listed = {"kind": "List", "items": [kept(), kept("trials/toy-0/trial.json")]}
    (desk / "list.json").write_text(json.dumps(listed))
    assert main(["kubetune", "best", "toy", "-f", "list.json", "-o", "args"]) == ExitCode.OK
    assert capsys.readouterr().out == f"--x={best}\n"


def test_what_a_failed_trial_printed_is_where_explain_says(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(
        manifest(
            container=shell("true $(params.x); echo out of luck; exit 3"), limits={"maxTrials": 1}
        )
    )
    for trial in ([], ["--trial", "0"]):
        capsys.readouterr()
        assert main(["kubetune", "explain", "-f", ".kubetune/toy", *trial]) == ExitCode.OK
        told = " ".join(capsys.readouterr().out.split())
        assert ".kubetune/toy/trials/toy-0 has what each attempt printed" in told
        assert "kubectl" not in told
    logs = [path.read_text() for path in (desk / ".kubetune/toy/trials/toy-0").rglob("*.log")]
    assert logs == ["out of luck\n"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (
            ["-f", "empty"],
            ExitCode.NOT_FOUND,
            "empty has more than one TuningJob, or none",
        ),
        (["other", "-f", "new.yaml"], ExitCode.NOT_FOUND, "no TuningJob 'other'; there are: toy"),
        (["-f", "new.yaml"], ExitCode.FAILED, "'toy' has no best trial yet (it is Pending)"),
        (["-f", "bad.yaml"], ExitCode.FAILED, "bad.yaml: neither YAML nor JSON"),
        (["-f", "half"], ExitCode.USAGE, "cannot read"),
        ([], ExitCode.USAGE, "which TuningJob?"),
    ],
    ids=["nothing kept", "another name", "no result", "not YAML", "half a file", "no name"],
)
def test_where_there_is_no_best_trial_that_is_said(
    desk: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    for name in ("empty", "half"):
        (desk / name).mkdir()
    (desk / "half" / "tuningjob.json").write_text("{")
    (desk / "bad.yaml").write_text("a: [")
    (desk / "new.yaml").write_text(yaml.safe_dump(manifest()))
    assert main(["kubetune", "best", *arguments]) == code
    assert words in capsys.readouterr().err
