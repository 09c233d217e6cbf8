"""`kubetune run` as a user calls it, with processes as small as they get."""

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest

from kubetune.cli.exits import ExitCode
from kubetune.cli.run import RunOptions, run
from tests.cli.runs import call, kept, shell, write
from tests.local.local_builders import manifest

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


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


def test_a_reader_that_goes_away_is_no_fault_of_the_directory(desk: Path) -> None:
    def write_to_nobody(_text: str) -> int:
        raise BrokenPipeError

    err = StringIO()
    err.write = write_to_nobody  # type: ignore[method-assign]  # as a pipe that nobody reads
    options = RunOptions(filename=str(desk / write(manifest(container=shell()))))
    with pytest.raises(BrokenPipeError):
        run(options, stdin=StringIO(), out=StringIO(), err=err, now=lambda: NOON)


def test_metrics_from_a_file_are_read_from_the_attempts_own(desk: Path) -> None:
    del desk
    body = manifest(
        container=shell("echo step=1 loss=$(params.x) >> /metrics/m.txt"),
        metrics={"source": "File", "path": "/metrics/m.txt"},
    )
    assert call(body) == ExitCode.OK
    status = kept("trials/toy-2/trial.json")["status"]
    assert status["value"] == kept("trials/toy-2/trial.json")["spec"]["parameters"]["x"]


def test_trials_run_where_they_are_told_to(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (desk / "code").mkdir()
    (desk / "code" / "train.sh").write_text("echo loss=$1")
    body = manifest(container={"command": ["/bin/sh", "train.sh", "$(params.x)"]})
    assert call(body, "--workdir", "code") == ExitCode.OK
    assert call(body, "--workdir", "nowhere") == ExitCode.USAGE
    assert "error: nowhere is not a directory" in capsys.readouterr().err
