"""A run that Ctrl-C or a crash ended: no process is left, and the next call goes on."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kubetune.cli.exits import ExitCode
from kubetune.local import identity
from tests.cli.runs import call, kept, shell, write
from tests.local.local_builders import manifest

PROGRAM = "import sys; from kubetune.cli.main import main; sys.exit(main(sys.argv))"


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
