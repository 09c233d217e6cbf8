"""Real processes, as small as they get; waited for by the bell that the runner has."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kubetune.local import identity
from tests.local.process_bench import TRIAL, WAIT_FOR_EVER, Bench


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
