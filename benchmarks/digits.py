"""Whether Bayesian search tunes the digits network better than random search at the same budget.

The sample `manifests/samples/bayesian.yaml` in the simulator, with the sample's own training code
as the objective, and the same job as random search, for each of several seeds. Run by hand:

    python -m benchmarks.digits --seeds 12

Each training is kept in a file, so that a run that was cut off goes on. The seed of a job sets its
points; the training is the same for the same point, so the strategies are compared and not the luck
of initial weights.

The probability of error is that of a sign test: how often a coin would win as many seeds or more.
"""

import argparse
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from math import comb
from pathlib import Path
from statistics import fmean
from typing import Any

import yaml

from kubetune.api.strategy import StrategyType
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.validation import parse_spec
from kubetune.simulator.simulation import Simulation
from kubetune.simulator.training import Attempt, Report

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "manifests" / "samples"
TRAINED = ROOT / "benchmarks" / "results" / "digits-trained.jsonl"
BUDGETS = (6, 12, 24)


class Digits:
    """The sample's training, each point trained once and kept in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._known: dict[str, float | None] = dict(json.loads(line) for line in lines)

    def train(self, attempt: Attempt) -> Iterator[Report]:
        """Yield the accuracy that the point has in the end."""
        key = json.dumps(attempt.parameters, sort_keys=True)
        if key not in self._known:
            self._known[key] = _accuracy(attempt.parameters)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([key, self._known[key]]) + "\n")
        yield Report(step=1, value=self._known[key])


def main(arguments: Sequence[str]) -> int:
    """Compare and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=12)
    seeds = parser.parse_args(arguments).seeds
    sys.path.insert(0, str(SAMPLES / "trainer"))
    digits = Digits(TRAINED)
    rows = [
        (
            seed,
            _course(digits, StrategyType.BAYESIAN, seed),
            _course(digits, StrategyType.RANDOM, seed),
        )
        for seed in range(seeds)
    ]
    for line in report(rows):
        print(line)
    return 0


def report(rows: Sequence[tuple[int, Sequence[float], Sequence[float]]]) -> Iterator[str]:
    """Yield the table: best accuracy by budget, seeds won, lost and drawn, probability of error."""
    yield "| trials | Bayesian | Random | won | drawn | lost | probability of error |"
    yield "|---|---|---|---|---|---|---|"
    for budget in BUDGETS:
        pairs = [(max(ours[:budget]), max(random[:budget])) for _, ours, random in rows]
        won, lost = (sum(a > b for a, b in pairs), sum(a < b for a, b in pairs))
        means = " | ".join(f"{fmean(side):.4f}" for side in zip(*pairs, strict=True))
        drawn = len(pairs) - won - lost
        error = sign_test(won, won + lost)
        yield f"| {budget} | {means} | {won} | {drawn} | {lost} | {error:.4f} |"


def sign_test(won: int, decided: int) -> float:
    """Return how probable it is that a fair coin wins `won` of the decided seeds, or more."""
    return float(sum(comb(decided, n) for n in range(won, decided + 1)) / 2**decided)


def _course(digits: Digits, kind: StrategyType, seed: int) -> list[float]:
    """Return the accuracies of one job in the order of its trials; a failed one has 0."""
    job = Simulation(_spec(kind), digits.train, seed=seed)
    job.run()
    return [job.trials[index].value or 0.0 for index in sorted(job.trials)]


def _spec(kind: StrategyType) -> TuningJobSpec:
    body: dict[str, Any] = yaml.safe_load((SAMPLES / "bayesian.yaml").read_text("utf-8"))["spec"]
    body["strategy"] = {"type": kind.value}
    body["limits"] = {"maxTrials": max(BUDGETS), "maxParallelTrials": 4}
    body.pop("completion", None)
    return parse_spec(body)


def _accuracy(parameters: Mapping[str, Any]) -> float | None:
    """Return the accuracy after the sample's epochs; None if the training diverged."""
    trainer = import_module("train")  # on the path since main
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in parameters.items()]
    last: dict[str, float] = {}
    for last in trainer.train(trainer._parse([*flags, "--epochs=10"])):  # noqa: B007, SLF001  the last one counts
        pass
    accuracy = last["val_accuracy"]
    return accuracy if math.isfinite(accuracy) else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
