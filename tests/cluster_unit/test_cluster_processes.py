"""Processes are found again after a crash, and nobody else's is ever taken for ours."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster import processes
from tests.cluster.errors import BringUpError
from tests.cluster.processes import Command, Record

STUBBORN = (
    "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
)


def start_sleep(folder: Path) -> Record:
    command = Command(name="sleeper", argv=("sleep", "60", str(folder)))
    return processes.start(
        dataclasses.replace(command, argv=("sleep", "60")),
        folder=folder,
        log=folder / "sleeper.log",
        environment=os.environ,
    )


def make_proc(
    folder: Path, pid: int, *, name: str = "x", state: str = "S", started: int = 7
) -> None:
    entry = folder / str(pid)
    entry.mkdir(parents=True)
    rest = " ".join(["0"] * 18 + [str(started)] + ["0"] * 10)
    (entry / "stat").write_text(f"{pid} ({name}) {state} {rest}\n")


def test_a_started_process_is_alive_until_it_is_ended(tmp_path: Path) -> None:
    record = start_sleep(tmp_path)

    assert processes.read_record(tmp_path, "sleeper") == record
    assert processes.is_alive(record)

    processes.end([record.pid], grace_seconds=5)

    assert not processes.is_alive(record)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"started": 1}, id="another process got the same pid"),
        pytest.param({"boot": "before"}, id="the machine was started again since"),
    ],
)
def test_a_reused_pid_is_not_taken_for_ours(tmp_path: Path, change: dict[str, object]) -> None:
    record = start_sleep(tmp_path)
    try:
        assert not processes.is_alive(dataclasses.replace(record, **change))  # type: ignore[arg-type]
    finally:
        processes.end([record.pid], grace_seconds=5)


@pytest.mark.parametrize(
    ("name", "state", "want"),
    [
        pytest.param("kubelet", "S", 7, id="a sleeping process"),
        pytest.param("a) R 1 (b", "S", 7, id="a name with parentheses and spaces"),
        pytest.param("kubelet", "Z", None, id="a zombie"),
    ],
)
def test_the_start_time_is_read(tmp_path: Path, name: str, state: str, want: int | None) -> None:
    make_proc(tmp_path, 42, name=name, state=state)

    assert want == processes.start_time(42, tmp_path)


def test_a_process_that_is_gone_has_no_start_time(tmp_path: Path) -> None:
    assert processes.start_time(42, tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", '{"name": "x"}', "[1]"], ids=repr)
def test_a_torn_record_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "kubelet.json").write_text(text)

    assert processes.read_record(tmp_path, "kubelet") is None
    assert processes.read_records(tmp_path) == ()


@pytest.mark.parametrize(
    ("words", "want"),
    [
        pytest.param(["/cache/kubelet", "--root-dir=/state/kubelet"], (42,), id="ours"),
        pytest.param(["kubelet", "--root-dir=/var/lib/kubelet"], (), id="another cluster's"),
        pytest.param(["kubectl", "--kubeconfig=/state/kubeconfig"], (), id="a user of ours"),
        pytest.param(["/state/kubelet"], (), id="a mention in the program's name alone"),
    ],
)
def test_unrecorded_processes_are_found_by_name_and_folder(
    tmp_path: Path, words: list[str], want: tuple[int, ...]
) -> None:
    make_proc(tmp_path, 42)
    (tmp_path / "42" / "cmdline").write_bytes("\0".join([*words, ""]).encode())
    (tmp_path / "self").mkdir()

    assert want == processes.find(("kubelet", "etcd"), "/state", tmp_path)


def test_a_process_that_ignores_sigterm_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()

        processes.end([process.pid], grace_seconds=0.1)

        assert process.wait(timeout=5) == -9


def test_a_command_that_ends_at_once_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "start_time", lambda _pid: None)
    command = Command(name="true", argv=("true",))

    with pytest.raises(BringUpError, match=r"true ended at once; see .*true\.log"):
        processes.start(command, folder=tmp_path, log=tmp_path / "true.log", environment={})


def test_a_changed_configuration_file_changes_the_fingerprint(tmp_path: Path) -> None:
    file = tmp_path / "settings"
    command = Command(name="x", argv=("x",), reads=(file,))
    file.write_text("a")
    before = command.fingerprint()
    file.write_text("b")

    assert command.fingerprint() != before
