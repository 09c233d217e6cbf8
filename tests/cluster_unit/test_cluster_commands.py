"""The command line, the lock and the long steps, without a cluster."""

import fcntl
import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.cluster import cli, commands
from tests.cluster.bringup import bring_up
from tests.cluster.errors import BringUpError
from tests.cluster.layout import default_layout
from tests.cluster.lock import held
from tests.cluster.progress import Reporter


def make_reporter() -> Reporter:
    return Reporter(stream=io.StringIO(), clock=lambda: 12.0, started=0.0)


def said(reporter: Reporter) -> str:
    assert isinstance(reporter.stream, io.StringIO)
    return reporter.stream.getvalue()


def test_a_line_of_progress_carries_the_time() -> None:
    reporter = make_reporter()

    reporter.say("kubelet: started")

    assert said(reporter) == "[  12s] kubelet: started\n"


@pytest.mark.parametrize("arguments", [[], ["upp"], ["up", "--force"]], ids=repr)
def test_wrong_arguments_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as refusal:
        cli.run(arguments)

    assert refusal.value.code == 2


def test_half_a_target_is_an_error_before_anything_is_touched(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KUBETUNE_KUBECONFIG", "/x")
    monkeypatch.delenv("KUBETUNE_CONTEXT", raising=False)

    assert cli.run(["down"]) == 1
    assert "KUBETUNE_CONTEXT is not" in capsys.readouterr().err


def test_a_named_cluster_is_never_taken_down(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    kubeconfig = tmp_path / "config"
    kubeconfig.touch()
    monkeypatch.setenv("KUBETUNE_KUBECONFIG", str(kubeconfig))
    monkeypatch.setenv("KUBETUNE_CONTEXT", "cloud")
    monkeypatch.setattr(cli, "take_down", lambda *_: pytest.fail("the machine was touched"))

    assert cli.run(["down"]) == 0
    assert "context cloud is not ours to change" in capsys.readouterr().err


def test_bringing_up_without_root_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(BringUpError, match="needs root"):
        bring_up(default_layout(), make_reporter())


def test_a_failing_command_is_reported_with_its_own_words() -> None:
    with pytest.raises(BringUpError, match=r"exit code 3:\nno such thing"):
        commands.run(["sh", "-c", "echo no such thing >&2; exit 3"])


def test_a_command_that_is_not_installed_is_named() -> None:
    with pytest.raises(BringUpError, match="no-such-program is not installed"):
        commands.run(["no-such-program"])


def test_a_failing_step_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(BringUpError, match=r"baking failed with exit code 1; .*\nburnt"):
        commands.run_long(
            ["sh", "-c", "echo burnt; exit 1"],
            doing="baking",
            log=tmp_path / "log",
            reporter=make_reporter(),
            describe=lambda _lines, last: last,
        )


def test_a_long_step_says_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "LONG_STEP_INTERVAL", 0.01)
    described = threading.Event()
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    def describe(lines: int, last: str) -> str:
        described.set()
        return f"{lines} lines, {last}"

    def let_go() -> None:
        described.wait(10)
        fifo.write_text("go\n")

    release = threading.Thread(target=let_go)
    release.start()
    reporter = make_reporter()
    commands.run_long(
        ["sh", "-c", f"read line < {fifo}"],
        doing="waiting",
        log=tmp_path / "log",
        reporter=reporter,
        describe=describe,
    )
    release.join()

    assert "0 lines" in said(reporter)


def test_python_settings_do_not_reach_other_programs() -> None:
    environment = commands.system_environment({"PATH": "/mine", "PYTHONPATH": "/x", "HOME": "/h"})

    assert environment == {"PATH": f"/mine:{commands.SYSTEM_PATH}", "HOME": "/h"}


def test_a_lock_keeps_others_out_until_it_is_released(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held(path, make_reporter()), path.open() as other:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert path.read_text() == f"{os.getpid()}\n"

    with path.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_lock_of_a_dead_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_text("1\n")

    with held(path, make_reporter()):
        assert path.read_text() == f"{os.getpid()}\n"


def test_a_lock_that_is_removed_by_its_holder_is_taken_anew_by_who_waited(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    reporter = make_reporter()
    got_it = threading.Event()

    def wait_for_it() -> None:
        with held(path, reporter):
            got_it.set()

    with held(path, make_reporter(), remove=True):
        waiter = threading.Thread(target=wait_for_it)
        waiter.start()
        while "waiting: process" not in said(reporter):
            waiter.join(0.01)
        assert not got_it.is_set()
    waiter.join(10)

    assert got_it.is_set()
    assert path.exists()


def test_the_module_runs_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.cluster", "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
    )

    assert "bring the cluster up" in done.stdout
