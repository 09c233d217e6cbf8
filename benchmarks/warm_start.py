"""Whether a warm start helps with a related parent, and what a misleading one costs.

`python -m benchmarks.warm_start` runs what is missing in results/warm-start.jsonl and writes the
table beside it. A job of 50 trials, one at a time, after a parent of 40, both Bayesian. The parent
saw:

    related    a similar task: the same function with its optimum elsewhere, or other data
    negated    the same task with the opposite goal: it was best where the job is worst
    shuffled   the points of `related`, their values dealt out at random
    identical  the same task, taken over with IdenticalDataAndAlgorithm

`alone` has no parent. The score is the normalised regret of benchmarks/search/protocol.py.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from multiprocessing import Pool
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, Final

import numpy as np

from benchmarks.search.ours import KubetuneSolver, tuning_job
from benchmarks.search.problem import Point, Problem
from benchmarks.search.problems import problem
from benchmarks.search.protocol import Task, drive, normalised_regret, reference
from kubetune.api.trial import TrialState
from kubetune.core.seeding import permutation
from kubetune.core.space import build_space
from kubetune.core.trial import Trial
from kubetune.core.warm_start import ParentRun, make_parent

RESULTS: Final = Path(__file__).parent / "results"
KINDS: Final = ("alone", "related", "negated", "shuffled", "identical")
AT: Final = (10, 50)
_PARENT_BUDGET: Final = 40
_PARENT_SEEDS: Final = 1000
_BAYESIAN: Final = {"type": "Bayesian"}

# Job -> what a related parent saw: another table, or how far the optimum is moved, as a share.
RELATED: Final[dict[str, str | float]] = {
    "branin": 0.05,
    "hartmann6": 0.05,
    "ackley-mixed": 0.05,
    "australian": "segment",
    "segment": "australian",
}


def moved(task: Problem, share: float) -> Problem:
    """Return a problem whose numbers are moved by a share of their range, to and fro."""
    space = build_space(task.parameters)

    def elsewhere(point: Point) -> Point:
        u = np.array(space.encode(point))
        numeric = np.array([isinstance(point[name], int | float) for name in space.names])
        signs = np.where(np.arange(len(u)) % 2, -share, share)
        return space.decode(np.clip(u + numeric * signs, 0, 1).tolist())

    return replace(
        task,
        truth=lambda point: task.truth(elsewhere(point)),
        evaluate=lambda point, rng: task.evaluate(elsewhere(point), rng),
    )


class Recorder(KubetuneSolver):
    """A job whose trials are kept for its heirs."""

    def __init__(self, task: Task) -> None:
        super().__init__(task, _BAYESIAN)
        self.seen: list[tuple[Point, float]] = []

    def tell(self, index: int, point: Point, value: float) -> None:
        """End the trial and note it."""
        super().tell(index, point, value)
        self.seen.append((point, value))


def parent_of(name: str, kind: str, seed: int) -> Sequence[tuple[Point, float]]:
    """Return the points and values of a parent."""
    own, relation = problem(name), RELATED[name]
    task = moved(own, relation) if isinstance(relation, float) else problem(relation)
    if kind == "identical":
        task = own
    elif kind == "negated":
        task = replace(own, evaluate=lambda point, rng: -own.evaluate(point, rng))
    recorders: list[Recorder] = []

    def make(task: Task) -> Recorder:
        recorders.append(Recorder(task))
        return recorders[-1]

    drive(Task(task, 1, _PARENT_BUDGET, _PARENT_SEEDS + seed), make)
    seen = recorders[0].seen
    if kind == "shuffled":
        order = permutation(seed, 0, "benchmark/shuffled", len(seen))
        seen = [(point, seen[k][1]) for (point, _), k in zip(seen, order, strict=True)]
    return seen


def run(cell: tuple[str, str, int]) -> dict[str, Any]:
    """Return one line of results: the incumbent's true value after so many trials."""
    name, kind, seed = cell
    task = Task(problem(name), 1, max(AT), seed)
    fields: dict[str, Any] = {}
    parents: list[ParentRun] = []
    if kind != "alone":
        identical = kind == "identical"
        word = "IdenticalDataAndAlgorithm" if identical else "TransferLearning"
        fields["warmStart"] = {"from": ["parent"], "type": word}
        trials = [
            Trial(index=i, name=f"{i}", parameters=p, state=TrialState.SUCCEEDED, value=value)
            for i, (p, value) in enumerate(parent_of(name, kind, seed))
        ]
        parents = [make_parent(tuning_job(task, _BAYESIAN, **fields), "parent", trials)]
    trace = drive(task, lambda task: KubetuneSolver(task, _BAYESIAN, parents=parents, **fields))
    values = {str(at): trace.after(at) for at in AT}
    return {"problem": name, "kind": kind, "seed": seed, "values": values}


@cache
def _random(name: str) -> tuple[float, ...]:
    return reference(problem(name), AT)


def table(lines: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield a Markdown table: mean regret of each kind, and its difference from `alone`."""
    regrets: dict[tuple[str, str, int, int], float] = {}
    for line in lines:
        best, random = problem(line["problem"]).best, _random(line["problem"])
        for at, reached in zip(AT, random, strict=True):
            value = line["values"][str(at)]
            regret = normalised_regret(value, best=best, random=reached)
            regrets[line["problem"], line["kind"], line["seed"], at] = regret
    heads = [f"{kind} @{at}" for kind in KINDS for at in AT]
    yield f"| | {' | '.join(heads)} |"
    yield f"|---|{'---|' * len(heads)}"
    for name in [*RELATED, "difference from alone"]:
        cells = []
        for kind in KINDS:
            for at in AT:
                pairs = {
                    key[:1] + key[2:]: (value, regrets.get((key[0], "alone", *key[2:])))
                    for key, value in regrets.items()
                    if key[1] == kind and key[3] == at and name in (key[0], "difference from alone")
                }
                if name in RELATED:
                    samples = [value for value, _ in pairs.values()]
                else:
                    samples = [
                        value - alone for value, alone in pairs.values() if alone is not None
                    ]
                cells.append(_mean(samples))
        yield f"| {name} | {' | '.join(cells)} |"


def _mean(samples: Sequence[float]) -> str:
    error = stdev(samples) / len(samples) ** 0.5 if len(samples) > 1 else 0.0
    return f"{fmean(samples):.2f} ± {error:.2f}" if samples else ""


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.warm_start", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="number of seeds, from 0")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--problems", default=",".join(RELATED), help="some of them")
    parser.add_argument("--kinds", default=",".join(KINDS), help="some of them")
    parser.add_argument("--out", type=Path, default=RESULTS / "warm-start.jsonl", help="resumed")
    asked = parser.parse_args()
    text = asked.out.read_text("utf-8") if asked.out.exists() else ""
    lines = [json.loads(line) for line in text.splitlines()]
    there = {(line["problem"], line["kind"], line["seed"]) for line in lines}
    wanted = [
        (name, kind, seed)
        for seed in range(asked.seeds)
        for name in asked.problems.split(",")
        for kind in asked.kinds.split(",")
        if (name, kind, seed) not in there
    ]
    asked.out.parent.mkdir(exist_ok=True)
    with Pool(asked.jobs) as pool, asked.out.open("a", encoding="utf-8") as file:
        for line in pool.imap_unordered(run, wanted):
            lines.append(line)
            file.write(json.dumps(line) + "\n")
            file.flush()
    rows = "\n".join(table(lines))
    asked.out.with_suffix(".md").write_text(rows + "\n", "utf-8")
    print(rows)


if __name__ == "__main__":
    main()
