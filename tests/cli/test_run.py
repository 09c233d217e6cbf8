"""`kubetune run` as a user calls it, with processes as small as they get."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubetune.cli.exits import ExitCode
from kubetune.cli.main import main
from kubetune.local import identity
from tests.local.local_builders import manifest

PROGRAM = "import sys; from kubetune.cli.main import main; sys.exit(main(sys.argv))"
TRAINER = "x=$(params.x); echo epoch=1 loss=${x#-}; echo done"


def shell(program: str = TRAINER) -> dict[str, Any]:
    return {"command": ["/bin/sh", "-c", program]}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(body: Mapping[str, Any]) -> str:
    Path("toy.yaml").write_text(yaml.safe_dump(dict(body)), encoding="utf-8")
    return "toy.yaml"


def call(body: Mapping[str, Any], *flags: str) -> int:
    return main(["kubetune", "run", "-f", write(body), *flags])


def kept(name: str = "tuningjob.json", directory: str = ".kubetune/toy") -> dict[str, Any]:
    content: dict[str, Any] = json.loads((Path(directory) / name).read_bytes())
    return content


def test_a_job_runs_on_this_machine_and_says_what_came_out_of_it(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del desk
    assert call(manifest(container=shell())) == ExitCode.OK
    out, err = capsys.readouterr()
    assert "toy  accepted: Random, 4 trials" in out
    assert "toy-0  running: x=" in out
    assert "toy is Complete: MaxTrialsReached" in out
    assert "Trials      4 succeeded" in out
    assert "Kept in     .kubetune/toy" in out
    assert err.startswith(
        "without a cluster:\n  - image registry.example/toy:1 is not used; /bin/sh"
    )
    assert kept()["status"]["phase"] == "Complete"
    assert kept("trials/toy-3/trial.json")["status"]["state"] == "Succeeded"
    log = Path(".kubetune/toy/trials/toy-3/attempt-1/output.log").read_text()
    assert log.endswith("done\n")


def test_a_second_call_shows_the_result_again_and_starts_nothing(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del desk
    body = manifest(container=shell())
    call(body)
    first = capsys.readouterr().out
    assert call(body) == ExitCode.OK
    assert capsys.readouterr().out == first[first.index("\ntoy is Complete") :]
    more = {**body, "spec": {**body["spec"], "limits": {"maxTrials": 5, "maxParallelTrials": 2}}}
    assert call(more) == ExitCode.OK
    assert "a new spec.runId starts another run" in capsys.readouterr().err


def test_a_job_that_fails_exits_with_1_and_says_why(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del desk
    body = manifest(container=shell("echo $(params.x) oops; exit 3"))
    assert call(body, "--directory", "elsewhere") == ExitCode.FAILED
    out = capsys.readouterr().out
    assert (
        "toy-0  failed: ContainerFailed: container train ended with exit code 3 | last lines" in out
    )
    assert "oops" in out
    assert kept(directory="elsewhere")["status"]["phase"] == "Failed"


def test_metrics_from_a_file_are_read_from_the_attempts_own(desk: Path) -> None:
    del desk
    body = manifest(
        container=shell("echo step=1 loss=$(params.x) >> /metrics/m.txt"),
        metrics={"source": "File", "path": "/metrics/m.txt"},
    )
    assert call(body) == ExitCode.OK
    status = kept("trials/toy-2/trial.json")["status"]
    assert status["value"] == kept("trials/toy-2/trial.json")["spec"]["parameters"]["x"]


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


def test_trials_run_where_they_are_told_to(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "code").mkdir()
    (desk / "code" / "train.sh").write_text("echo loss=$1")
    body = manifest(container={"command": ["/bin/sh", "train.sh", "$(params.x)"]})
    assert call(body, "--workdir", "code") == ExitCode.OK
    assert call(body, "--workdir", "nowhere") == ExitCode.USAGE
    assert "error: nowhere is not a directory" in capsys.readouterr().err


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


def begin(body: Mapping[str, Any], *flags: str) -> "subprocess.Popen[bytes]":
    """Start a call of its own and return it when its first trial has reported."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "run", "-f", write(body), *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    for line in process.stdout:
        if b"running: x=" in line:
            return process
    raise AssertionError(process.communicate())


def waiting(desk: Path) -> dict[str, Any]:
    """Return a job whose trials wait until there is a file named `go`."""
    go = desk / "go"
    program = f"echo loss=$(params.x); while [ ! -e {go} ]; do sleep 0.05; done"
    return manifest(container=shell(program))


def leader_of(trial: str) -> int:
    pid: int = kept(f"trials/{trial}/process.json")["pid"]
    return pid


def remains(pid: int) -> list[int]:
    """Return the processes of a trial that are still there."""
    return identity.leftovers_of(pid, "KUBETUNE_TRIAL=toy-0")


def test_ctrl_c_ends_all_processes_and_the_next_call_goes_on(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--directory", ".kubetune/toy", "--workers", "1")
    process = begin(waiting(desk), *flags)
    pid = leader_of("toy-0")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == ExitCode.INTERRUPTED
    assert f"Go on with: kubetune run -f toy.yaml {' '.join(flags)}\n".encode() in out
    assert remains(pid) == []
    status = kept("trials/toy-0/trial.json")["status"]
    assert (status["state"], status["reason"]) == ("Pending", "Interrupted")
    assert kept()["status"]["phase"] == "Suspended"
    (desk / "go").touch()
    assert call(waiting(desk)) == ExitCode.OK
    assert "toy is Complete" in capsys.readouterr().out
    assert kept("trials/toy-0/trial.json")["status"]["attempts"] == 2


def test_after_a_crash_the_next_call_ends_what_was_left_running_and_goes_on(desk: Path) -> None:
    process = begin(waiting(desk))
    pid = leader_of("toy-0")
    process.kill()
    process.communicate(timeout=30)
    assert identity.start_of(pid) is not None, "it lives on"
    other = begin(waiting(desk))
    (desk / "go").touch()
    out, _ = other.communicate(timeout=30)
    assert other.returncode == ExitCode.OK, out
    assert kept()["status"]["trials"]["succeeded"] == 4
    assert remains(pid) == []
