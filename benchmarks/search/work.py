"""Running the cells that are missing: in processes of their own, with one BLAS thread each."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.search import store
from benchmarks.search.problems import problem
from benchmarks.search.protocol import BUDGET, MODES, Task, drive
from benchmarks.search.solvers import factory, version
from benchmarks.search.store import Cell, Result

_ONE_THREAD: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"
)


def cells(
    solvers: Sequence[str], problems: Sequence[str], modes: Sequence[str], seeds: range
) -> Iterator[Cell]:
    """Yield what to run, seed by seed: wherever it is broken off, whole rounds are complete."""
    for seed, solver, mode, name in product(seeds, solvers, modes, problems):
        yield Cell(solver=solver, version=version(solver), problem=name, mode=mode, seed=seed)


def run_cell(cell: Cell) -> Result:
    """Run one cell."""
    task = Task(problem(cell.problem), MODES[cell.mode], BUDGET, cell.seed)
    return Result(cell=cell, trace=drive(task, factory(cell.solver)))


def run_all(
    wanted: Sequence[Cell], path: Path, *, jobs: int, run: Callable[[Cell], Result] = run_cell
) -> None:
    """Run the cells that have no line yet and write each one as it ends, with a progress bar."""
    todo = store.missing(wanted, store.read(path))
    os.environ.update(_ONE_THREAD)  # of the processes that are started now
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with (
        ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool,
        Progress(*columns) as progress,
    ):
        bar = progress.add_task(path.stem, total=len(wanted), completed=len(wanted) - len(todo))
        rest = iter(todo)
        running: set[Future[Result]] = set()
        while True:
            for cell in rest:
                progress.update(bar, description=f"{cell.solver} {cell.problem} {cell.mode}")
                running.add(pool.submit(run, cell))
                if len(running) > jobs:
                    break
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                store.append(path, future.result())
                progress.advance(bar)
