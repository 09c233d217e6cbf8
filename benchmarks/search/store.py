"""Results as lines of JSON: one per solver, problem, mode and seed; appended, never rewritten."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.search.protocol import Step, Trace

PROTOCOL: Final = 1
"""Changes whenever the problems or the protocol do: lines of another one are not looked at."""

_DIGITS: Final = 8


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Cell:
    """What one line is about."""

    solver: str
    version: str
    problem: str
    mode: str
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One line."""

    cell: Cell
    trace: Trace


def append(path: Path, result: Result) -> None:
    """Add a line."""
    cell, trace = result.cell, result.trace
    line = {
        "protocol": PROTOCOL,
        "solver": cell.solver,
        "version": cell.version,
        "problem": cell.problem,
        "mode": cell.mode,
        "seed": cell.seed,
        "cpu": round(trace.cpu_seconds, 5),
        "steps": [[_rounded(at), _rounded(value)] for at, value in trace.steps],
        **({"decisions": trace.decisions} if trace.decisions else {}),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(line, separators=(",", ":")) + "\n"
    if path.exists() and not path.read_bytes().endswith(b"\n"):
        text = "\n" + text  # a killed process left half a line
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def _rounded(number: float) -> float:
    return number if isinstance(number, int) else float(f"{number:.{_DIGITS}g}")


def read(path: Path) -> dict[Cell, Result]:
    """Return what is there; a line that a killed process left half-written does not count."""
    found: dict[Cell, Result] = {}
    if not path.exists():
        return found
    for text in path.read_text("utf-8").splitlines():
        try:
            line = json.loads(text)
        except json.JSONDecodeError:
            continue
        if line["protocol"] != PROTOCOL:
            continue
        cell = Cell(
            solver=line["solver"],
            version=line["version"],
            problem=line["problem"],
            mode=line["mode"],
            seed=line["seed"],
        )
        steps: tuple[Step, ...] = tuple((count, value) for count, value in line["steps"])
        found[cell] = Result(cell=cell, trace=Trace(steps, line["cpu"], line.get("decisions", 0)))
    return found


def missing(wanted: Iterable[Cell], found: Iterable[Cell]) -> list[Cell]:
    """Return the cells that have no line yet, in the order in which they are wanted."""
    there = set(found)
    return [cell for cell in wanted if cell not in there]
