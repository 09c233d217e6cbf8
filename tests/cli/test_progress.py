"""How far a simulation is, on a terminal and elsewhere."""

from io import StringIO

import pytest

from kubetune.cli.progress import progress_of


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def show(err: StringIO) -> str:
    with progress_of(err, jobs=2, trials=20) as watcher:
        watcher.trials("Random, seed 1", 7)
        watcher.job_done("Random, seed 1: 20 trials")
    return err.getvalue()


def test_a_terminal_gets_a_bar_that_is_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    told = show(Terminal())
    assert "simulations" in told
    assert "Random, seed 1: 20 trials" in told
    assert "\x1b[" in told


def test_a_file_gets_a_line_for_each_job() -> None:
    assert show(StringIO()) == "1/2  Random, seed 1: 20 trials\n"
