"""How far a simulation is: a bar on a terminal, one line for each job that is done elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Watcher(Protocol):
    """Is told how far it is."""

    def trials(self, title: str, finished: int) -> None:
        """Tell that so many trials of the present job have ended."""

    def job_done(self, line: str) -> None:
        """Tell that the present job has ended, and in one line how."""


@contextmanager
def progress_of(err: TextIO, *, jobs: int, trials: int | None) -> Iterator[Watcher]:
    """Show the progress of some jobs, one after the other.

    Args:
        err: Where to.
        jobs: Number of jobs.
        trials: Trials of each at most; None if that is open.
    """
    console = Console(file=err, highlight=False, markup=False)
    if console.is_dumb_terminal or not console.is_terminal:
        yield _Lines(err, jobs)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        yield _Bar(progress, jobs=jobs, trials=trials)


class _Lines:
    def __init__(self, err: TextIO, jobs: int) -> None:
        self._err = err
        self._jobs = jobs
        self._done = 0

    def trials(self, title: str, finished: int) -> None:
        """Say nothing: a line for every trial would be too many."""

    def job_done(self, line: str) -> None:
        self._done += 1
        self._err.write(f"{self._done}/{self._jobs}  {line}\n")
        self._err.flush()


class _Bar:
    def __init__(self, progress: Progress, *, jobs: int, trials: int | None) -> None:
        self._progress = progress
        self._jobs = progress.add_task("simulations", total=jobs)
        self._trials = progress.add_task("", total=trials)

    def trials(self, title: str, finished: int) -> None:
        self._progress.update(self._trials, description=title, completed=finished)

    def job_done(self, line: str) -> None:
        self._progress.print(line)
        self._progress.advance(self._jobs)
