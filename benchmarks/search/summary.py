"""From lines to figures: mean normalised regret per solver, with its standard error."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, variance
from typing import Final

from benchmarks.search.problems import problem
from benchmarks.search.protocol import BUDGET, Trace, normalised_regret, reference
from benchmarks.search.store import PROTOCOL, Cell, Result

References = Mapping[str, Sequence[float]]
"""Problem -> random search's median incumbent after 1, 2, ... BUDGET evaluations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One solver in one mode.

    Attributes:
        solver: Its name.
        mode: b1 or b8.
        regret: Mean over problems of the mean over seeds, after BUDGET evaluations.
        error: Standard error of `regret`, from the spread over seeds.
        problems: Problem -> mean over seeds.
        progress: The same as `regret` after 1, 2, ... BUDGET evaluations.
        seeds: Number of seeds of the problem that has fewest.
        cpu_seconds: Mean CPU time inside the solver, for one whole budget.
    """

    solver: str
    mode: str
    regret: float
    error: float
    problems: Mapping[str, float]
    progress: tuple[float, ...]
    seeds: int
    cpu_seconds: float


_EVERY: Final = tuple(range(1, BUDGET + 1))


def latest(found: Iterable[Result]) -> list[Result]:
    """Return the results of each solver's newest version: that of its last line."""
    results = list(found)
    newest = {result.cell.solver: result.cell.version for result in results}
    return [result for result in results if newest[result.cell.solver] == result.cell.version]


def scores(found: Iterable[Result], problems: Sequence[str], references: References) -> list[Score]:
    """Return a score for every solver and mode that has each of the problems, best first."""
    groups: dict[tuple[str, str], dict[str, dict[int, Trace]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for result in found:
        cell: Cell = result.cell
        if cell.problem in problems:
            groups[cell.solver, cell.mode][cell.problem][cell.seed] = result.trace
    complete = {key: group for key, group in groups.items() if len(group) == len(problems)}
    ranked = [_score(solver, mode, group, references) for (solver, mode), group in complete.items()]
    return sorted(ranked, key=lambda score: (score.mode, score.regret, score.solver))


def _score(
    solver: str, mode: str, group: Mapping[str, Mapping[int, Trace]], references: References
) -> Score:
    means: dict[str, float] = {}
    squares = 0.0
    for name, traces in group.items():
        regrets = [_regret(name, trace, BUDGET, references) for trace in traces.values()]
        means[name] = fmean(regrets)
        squares += variance(regrets) / len(regrets) if len(regrets) > 1 else float("nan")
    progress = tuple(
        fmean(
            fmean(_regret(name, trace, count, references) for trace in traces.values())
            for name, traces in group.items()
        )
        for count in _EVERY
    )
    return Score(
        solver=solver,
        mode=mode,
        regret=fmean(means.values()),
        error=squares**0.5 / len(means),
        problems=means,
        progress=progress,
        seeds=min(len(traces) for traces in group.values()),
        cpu_seconds=fmean(
            trace.cpu_seconds for traces in group.values() for trace in traces.values()
        ),
    )


def _regret(name: str, trace: Trace, count: int, references: References) -> float:
    random = references[name][count - 1]
    return normalised_regret(trace.after(count), best=problem(name).best, random=random)


def load_references(path: Path, problems: Sequence[str]) -> References:
    """Return the references; those that are not in the file yet are computed and written."""
    kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
    known: dict[str, list[float]] = kept.get("values", {}) if kept.get("of") == PROTOCOL else {}
    for name in problems:
        if name not in known:
            known[name] = list(reference(problem(name), _EVERY))
    text = json.dumps({"of": PROTOCOL, "values": known}, indent=1, sort_keys=True)
    path.write_text(text + "\n", "utf-8")
    return known
