"""What a process or an earlier call left running is found and ended, and no stranger is."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kubetune.local import identity
from tests.local.process_bench import TRIAL, WAIT_FOR_EVER, Bench


def is_running(pid: int) -> bool:
    return identity.start_of(pid) is not None


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
