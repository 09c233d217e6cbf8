"""Real processes, as small as they get; waited for by the bell that the runner has."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kubetune.local import identity
from kubetune.local.attempt import Attempt, Command, Start
from kubetune.local.bell import Bell
from kubetune.local.output import Reading
from kubetune.local.processes import ProcessTable
from kubetune.local.store import Store
from kubetune.local.workshop import Workshop
from tests.local.local_builders import machine, manifest, opened

TRIAL = "toy-0"
WAIT_FOR_EVER = "import signal; print('loss=0.5', flush=True); signal.pause()"


class Bench:
    """A table of processes in a directory, and the bell."""

    def __init__(self, directory: Path, bell: Bell) -> None:
        self.store = Store(directory)
        (directory / "trials" / TRIAL).mkdir(parents=True, exist_ok=True)
        self.bell = bell
        self.table = self.another_table()

    def another_table(self) -> ProcessTable:
        """Return the table of another call on the same directory."""
        workshop = Workshop(opened(manifest()).world, self.store, machine())
        now = lambda: datetime.now(UTC)  # noqa: E731, TID251  what is measured is a real process
        reading = Reading(workshop.sidecar, now=now, log=print)
        return ProcessTable(self.store, reading, now=now, draw_uid=lambda: "uid")

    def run(self, *argv: str, directory: Path | None = None, **command: Any) -> Path:
        """Start an attempt and return its directory."""
        place = self.store.attempt(TRIAL)
        fields: dict[str, Any] = {
            "environment": dict(os.environ),
            "directory": str(directory or "/"),
        }
        self.table.start(Start(name=TRIAL), place, Command(argv=argv, **{**fields, **command}))
        return place

    def python(self, program: str, **command: Any) -> Path:
        return self.run(sys.executable, "-S", "-c", program, **command)

    def until(self, holds: Callable[[Attempt], bool], table: ProcessTable | None = None) -> Attempt:
        """Return the attempt once something holds of it."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            found = (table or self.table).attempts()[TRIAL]
            if holds(found):
                return found
            self.bell.wait(0.02)
        raise AssertionError(found)

    def end(self) -> Attempt:
        return self.until(lambda attempt: not attempt.is_alive)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bell() as bell:
        bench = Bench(tmp_path, bell)
        yield bench
        for name, attempt in bench.table.attempts().items():
            if attempt.is_alive:
                bench.table.kill(name)
                bench.end()


def is_running(pid: int) -> bool:
    return identity.start_of(pid) is not None


def test_what_a_process_prints_is_kept_and_read(bench: Bench) -> None:
    place = bench.python(
        "import sys\nfor e in (1, 2): print(f'epoch={e} loss={1 / e}')\nsys.stderr.write('bye\\n')"
    )
    ended = bench.end()
    assert ended.exit_code == 0
    assert [(o.step, o.metrics) for o in ended.observations] == [
        (1, {"loss": 1.0}),
        (2, {"loss": 0.5}),
    ]
    assert sorted(ended.tail) == ["bye", "epoch=1 loss=1.0", "epoch=2 loss=0.5"]
    assert "epoch=2 loss=0.5" in (place / "output.log").read_text()
    assert list(bench.store.processes()) == []


def test_a_process_has_its_environment_its_directory_and_no_input(
    bench: Bench, tmp_path: Path
) -> None:
    program = "import os, sys; print(dict(os.environ), os.getcwd(), repr(sys.stdin.read()))"
    environment = {"PATH": "/bin", "with.dot": "1", "LC_ALL": "C"}
    place = bench.python(program, environment=environment, directory=tmp_path)
    assert bench.end().exit_code == 0
    said = (place / "output.log").read_text()
    assert said == f"{environment} {tmp_path} ''\n"


def test_the_signals_that_python_ignores_are_not_ignored_by_what_is_executed(bench: Bench) -> None:
    bench.run("/bin/sh", "-c", "kill -PIPE $$")
    assert bench.end().exit_code == 128 + signal.SIGPIPE


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("no-such-program",), "cannot start 'no-such-program': No such file or directory"),
        (("/etc/passwd",), "cannot start '/etc/passwd': Permission denied"),
    ],
    ids=["not there", "no program"],
)
def test_a_program_that_cannot_be_started_is_told(
    bench: Bench, argv: tuple[str, ...], words: str
) -> None:
    bench.run(*argv)
    assert bench.end().problem == words


def test_a_directory_that_is_not_there_is_told(bench: Bench) -> None:
    bench.run("true", directory=Path("/no/such/place"))
    assert bench.end().problem == "cannot start 'true': No such file or directory"


def test_a_process_that_is_asked_to_end_may_do_so_in_its_way(bench: Bench) -> None:
    bench.python(
        "import signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "print('loss=0.5', flush=True)\nsignal.pause()"
    )
    bench.until(lambda attempt: bool(attempt.observations))
    bench.table.stop(TRIAL)
    ended = bench.end()
    assert ended.exit_code == 7
    assert ended.stopping_since is not None


def test_a_process_that_ignores_the_request_is_ended(bench: Bench) -> None:
    bench.python("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WAIT_FOR_EVER)
    bench.until(lambda attempt: bool(attempt.observations))
    bench.table.stop(TRIAL)
    bench.table.kill(TRIAL)
    assert bench.end().exit_code == 128 + signal.SIGKILL


def test_what_a_process_left_running_ends_with_it(bench: Bench) -> None:
    program = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-S', '-c', {WAIT_FOR_EVER!r}], "
        "stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\nprint(child.pid)"
    )
    place = bench.python(program)
    assert bench.end().exit_code == 0
    child = int((place / "output.log").read_text())
    deadline = time.monotonic() + 20
    while is_running(child) and time.monotonic() < deadline:
        bench.bell.wait(0.01)
    assert not is_running(child)


def test_a_metrics_file_is_read_beside_the_output(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "own" / "m.jsonl"
    bench.python(
        f"open({str(path)!r}, 'w').write('step=4 loss=2'); print('step=1 loss=9')",
        metrics_path=str(path),
        directories=(str(path.parent),),
    )
    ended = bench.end()
    assert [(o.step, o.metrics) for o in ended.observations] == [(4, {"loss": 2.0})]
    assert ended.tail == ("step=1 loss=9",)


def test_another_call_finds_and_ends_what_the_one_before_left_running(bench: Bench) -> None:
    bench.python(WAIT_FOR_EVER)
    bench.until(lambda attempt: bool(attempt.observations))
    other = bench.another_table()
    other.recover()
    found = other.attempts()[TRIAL]
    assert (found.is_orphan, found.is_alive) == (True, True)
    other.stop(TRIAL)
    ended = bench.until(lambda attempt: not attempt.is_alive, other)
    assert ended.exit_code is None, "nobody saw how"
    assert list(bench.store.processes()) == []


def test_a_process_with_the_number_of_one_that_is_gone_is_left_alone(bench: Bench) -> None:
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as stranger:
        record = {"pid": stranger.pid, "start": "another", "uid": "u", "startedAt": "2026-01-01"}
        bench.store.save_process(TRIAL, record)
        other = bench.another_table()
        other.recover()
        assert other.attempts() == {}
        assert stranger.poll() is None
    assert list(bench.store.processes()) == []


def test_where_there_is_no_proc_the_start_of_a_process_comes_from_ps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(identity, "_PROC", Path("/no/proc"))
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as process:
        start = identity.start_of(process.pid)
        assert start is not None
        assert identity.start_of(process.pid) == start
    assert identity.start_of(process.pid) is None
    assert identity.leftovers_of(process.pid, "A=1") == []


def test_what_a_dead_process_of_an_earlier_call_left_running_is_ended(bench: Bench) -> None:
    program = (
        "import subprocess, sys\n"
        f"child = subprocess.Popen([sys.executable, '-S', '-c', {WAIT_FOR_EVER!r}], "
        "stdout=subprocess.PIPE)\nchild.stdout.readline()\nprint('loss=1', child.pid, flush=True)\n"
        "sys.stdin.read()"
    )
    environment = {**os.environ, "KUBETUNE_TRIAL": TRIAL}
    with subprocess.Popen(
        [sys.executable, "-S", "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    ) as leader:
        assert leader.stdout is not None
        child = int(leader.stdout.readline().split()[1])
    assert is_running(child)
    record = {"pid": leader.pid, "start": "long gone", "uid": "u", "startedAt": "2026-01-01"}
    bench.store.save_process(TRIAL, record)
    bench.another_table().recover()
    deadline = time.monotonic() + 20
    while is_running(child) and time.monotonic() < deadline:
        bench.bell.wait(0.01)
    assert not is_running(child)


def test_nothing_is_executed_when_the_caller_dies_before_it_wrote_down_whom_it_started(
    tmp_path: Path,
) -> None:
    starter = Path(identity.__file__).with_name("starter.py")
    read, write = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-I", "-S", str(starter), str(write)],
        stdin=subprocess.PIPE,
        pass_fds=(write,),
    ) as process:
        assert process.stdin is not None
        process.stdin.write(b'{"argv": ["touch", "done"], "directory": "%s"' % bytes(tmp_path))
        process.stdin.close()
        assert process.wait(20) == 1
    os.close(write)
    assert os.read(read, 1) == b""
    os.close(read)
    assert list(tmp_path.iterdir()) == []
