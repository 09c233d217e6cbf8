"""Loads what a simulated training is: a function from a Python file, or a table from a file.

The file is imported, so it runs with the user's own rights: it is theirs.
"""

import importlib.util
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.cli.exits import CommandError, ExitCode
from kubetune.errors import ObjectiveError
from kubetune.simulator.function import ObjectiveFunction, Reading, train_by
from kubetune.simulator.table import Table, build_table, read_rows
from kubetune.simulator.training import Attempt, Report, Training

_MODULE = "kubetune_objective"


def load_function(place: str) -> ObjectiveFunction:
    """Return the function of `FILE.py:function`.

    Raises:
        CommandError: There is no such file or function, or the file cannot be imported.
    """
    filename, colon, name = place.rpartition(":")
    if not colon or not name.isidentifier():
        raise CommandError(
            ExitCode.USAGE, f"--objective is {place!r}; it has the form FILE.py:function"
        )
    path = Path(filename)
    if not path.is_file():
        raise CommandError(ExitCode.USAGE, f"cannot read {filename}: no such file")
    module = _import(path)
    found = getattr(module, name, None)
    if not callable(found):
        there = [
            one
            for one, value in vars(module).items()
            if callable(value) and not one.startswith("_")
        ]
        raise CommandError(
            ExitCode.USAGE,
            f"{filename} has no function {name}; it has {', '.join(there) or 'none'}",
        )
    function: ObjectiveFunction = found
    return function


def _import(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(_MODULE, path)
    if spec is None or spec.loader is None:
        raise CommandError(ExitCode.USAGE, f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    # As `python FILE.py` has it: modules beside the file can be imported.
    sys.path.insert(0, str(path.resolve().parent))
    sys.modules[_MODULE] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if Path(frame.filename) == path]
        at = f" (line {lines[-1]})" if lines else ""
        raise CommandError(
            ExitCode.FAILED, f"{path} cannot be imported{at}: {type(error).__name__}: {error}"
        ) from error
    finally:
        sys.path.pop(0)
    return module


class CountedTable:
    """A table that remembers for how many trials it had the very point.

    Attributes:
        trials: Number of trials that were asked for.
        nearest: How many of them took the values of another point, the nearest one.
    """

    def __init__(self, table: Table) -> None:
        self.trials = 0
        self.nearest = 0
        self._table = table

    def train(self, attempt: Attempt) -> Iterator[Report]:
        """Yield what the table has."""
        self.trials += 1
        self.nearest += not self._table.is_exact(attempt.parameters)
        yield from self._table.train(attempt)


def load_table(filename: str, spec: TuningJobSpec, *, step_seconds: float) -> CountedTable:
    """Return the table of a CSV or JSON file.

    Raises:
        CommandError: It cannot be read, or lacks something.
    """
    try:
        text = Path(filename).read_text(encoding="utf-8-sig")
        table = build_table(
            read_rows(text, filename),
            spec.parameters,
            metric=spec.objective.metric,
            name=filename,
            step_seconds=step_seconds,
        )
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(ExitCode.USAGE, f"cannot read {filename}: {reason}") from None
    except UnicodeDecodeError as error:
        raise CommandError(ExitCode.FAILED, f"{filename} is not text in UTF-8: {error}") from None
    except ObjectiveError as error:
        raise CommandError(ExitCode.FAILED, str(error)) from None
    return CountedTable(table)


def function_training(
    place: str, spec: TuningJobSpec, *, steps: int | None, step_seconds: float
) -> Training:
    """Return the training that `FILE.py:function` is.

    Raises:
        CommandError: There is no such function, or it takes something unknown.
    """
    reading = Reading(metric=spec.objective.metric, steps=steps, step_seconds=step_seconds)
    try:
        return train_by(load_function(place), reading)
    except ObjectiveError as error:
        raise CommandError(ExitCode.USAGE, f"{place}: {error}") from None
