"""How long a suggestion takes and how much memory it needs, against trials and parameters.

`python -m benchmarks.search.latency [--solvers A,B]` fills results/latency.jsonl and writes
results/latency.md. Each measurement has a process of its own with one BLAS thread: the solver is
taught n random points of a space of d parameters (a fifth of them Integers and a fifth
Categorical), and then three times it is told a value and asked for a point. What counts is the
median of the three, as CPU time (what one idle core would take), and the growth of the process's
peak memory. A solver that took longer than LIMIT is not asked at larger sizes.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any, Final, Protocol

from benchmarks.search.choices import add_choice
from benchmarks.search.problem import Point, Problem, categorical, floating, integer
from benchmarks.search.protocol import Solver, Task
from benchmarks.search.solvers import SOLVERS, available, factory, installed, version
from kubetune.api.parameters import ParameterSpec
from kubetune.core.seeding import uniforms
from kubetune.core.space import build_space

RESULTS: Final = Path(__file__).resolve().parents[1] / "results" / "latency.jsonl"
TRIALS: Final = (50, 200, 1_000, 10_000)
PARAMETERS: Final = (2, 10, 30)
LIMIT: Final = 10.0
"""CPU seconds for one suggestion, beyond which larger sizes are not tried."""

_PATIENCE: Final = 900.0
"""Seconds that a whole measurement may take on a busy machine."""

_ROUNDS: Final = 3
_MEASURED: Final = (
    "kubetune-bayesian",
    "kubetune-random",
    "optuna-tpe",
    "optuna-gp",
    "skopt-gp",
)


class Teachable(Solver, Protocol):
    """A solver that takes a history."""

    def teach(self, points: Sequence[Point], values: Sequence[float]) -> None:
        """Take evaluations 0, 1, ... at once, as if they had been asked for and told."""


def bowl(width: int) -> Problem:
    """Return a bowl with some noise in `width` parameters, at least two."""
    kinds = [_parameter(i) for i in range(width)]
    space = build_space(kinds)

    def truth(point: Point) -> float:
        return sum((x - 0.4) ** 2 for x in space.encode(point))

    return Problem(
        name=f"bowl-{width}",
        parameters=tuple(kinds),
        truth=truth,
        evaluate=lambda point, rng: truth(point) + 0.01 * float(rng.standard_normal()),
        best=0.0,
    )


def _parameter(i: int) -> ParameterSpec:
    match i % 5:
        case 3:
            return integer(f"x{i}", 1, 64)
        case 4:
            return categorical(f"x{i}", ["a", "b", "c", "d"])
        case _:
            return floating(f"x{i}", 0, 1)


def measure(name: str, trials: int, width: int) -> dict[str, Any]:
    """Measure in this process; see the head of the file."""
    problem = bowl(width)
    space = build_space(problem.parameters)
    points = [space.decode(uniforms(0, i, "latency", width)) for i in range(trials + _ROUNDS)]
    values = [problem.truth(p) + 0.01 * uniforms(0, i, "noise", 1)[0] for i, p in enumerate(points)]
    made = factory(name)
    budget = trials + 2 * _ROUNDS
    small: Any = made(Task(problem, 1, budget, 0))
    small.teach(points[:20], values[:20])
    small.ask(20)  # imports and the first use of everything do not count
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    solver: Any = made(Task(problem, 1, budget, 0))
    solver.teach(points[:trials], values[:trials])
    times = []
    point = solver.ask(trials)
    for i in range(trials, trials + _ROUNDS):
        began = time.process_time()
        solver.tell(i, point, problem.truth(point))
        point = solver.ask(i + 1)
        times.append(time.process_time() - began)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {"seconds": round(median(times), 4), "mebibytes": round(grown / 1024, 1)}


def _in_its_own_process(name: str, trials: int, width: int) -> dict[str, Any]:
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [sys.executable, "-m", "benchmarks.search.latency", "--measure", name]
    try:
        run = subprocess.run(
            [*command, str(trials), str(width)],
            env={**os.environ, **threads},
            capture_output=True,
            text=True,
            check=True,
            timeout=_PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return {"seconds": None, "mebibytes": None}
    answer: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return answer


def _read(path: Path) -> dict[tuple[str, str, int, int], dict[str, Any]]:
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    found = [json.loads(line) for line in lines]
    return {(f["solver"], f["version"], f["trials"], f["parameters"]): f for f in found}


def run_all(solvers: Sequence[str], path: Path) -> None:
    """Measure what has no line yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for name, width in product(solvers, PARAMETERS):
        for trials in TRIALS:
            key = (name, version(name), trials, width)
            known = _read(path).get(key)
            if known is None:
                answer = _in_its_own_process(name, trials, width)
                known = dict(zip(("solver", "version", "trials", "parameters"), key, strict=True))
                known |= answer
                with path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(known) + "\n")
                print(*known.values())
            if known["seconds"] is None or known["seconds"] > LIMIT:
                break


def table(path: Path) -> Iterator[str]:
    """Yield the table of each solver's newest version."""
    found = _read(path)
    newest = {solver: version for solver, version, _, _ in found}
    yield "CPU seconds for one suggestion, one BLAS thread; MiB by which the process grew."
    yield ""
    yield "| solver | parameters | " + " | ".join(f"{t:,} trials" for t in TRIALS) + " |"
    yield "|---" * (len(TRIALS) + 2) + "|"
    for name, width in product(newest, PARAMETERS):
        row = [found.get((name, newest[name], trials, width)) for trials in TRIALS]
        entry = SOLVERS[name]
        title = f"**{entry.title}**" if entry.ours else entry.title
        yield f"| {title} | {width} | " + " | ".join(_cell(one) for one in row) + " |"


def _cell(one: dict[str, Any] | None) -> str:
    if one is None:
        return "-"
    if one["seconds"] is None:
        return "not in 15 min"
    return f"{one['seconds']:.2g} s, {one['mebibytes']:.0f} MiB"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.search.latency", description=__doc__
    )
    usable = [name for name in _MEASURED if available(name)]
    add_choice(parser, "--solvers", usable, [name for name in usable if installed(name)])
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        name, trials, width = asked.measure
        print(json.dumps(measure(name, int(trials), int(width))))
        return
    run_all(asked.solvers, asked.out)
    lines = list(table(asked.out))
    asked.out.with_suffix(".md").write_text("\n".join(("# Latency\n", *lines, "")), "utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
