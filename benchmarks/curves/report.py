"""The table, the numbers and the figure, written beside the results."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, geometric_mean, median, variance
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.curves.crossing import FAMILIES
from benchmarks.curves.methods import METHODS
from benchmarks.curves.models import MODELS
from benchmarks.curves.protocol import (
    BEYOND,
    DEADLINES,
    MORE,
    WORKERS,
    regret,
    speed_up,
    value_at,
)
from benchmarks.curves.table import table
from benchmarks.search import store
from benchmarks.search.figures import OURS, STYLE, THEIRS, save
from benchmarks.search.protocol import Trace
from benchmarks.search.store import Result
from benchmarks.search.summary import latest

_HEAD: Final = f"""# Stopping and promoting trials on real learning curves

{len(MODELS)} models of scikit-learn, each trained at 400 points for 81 epochs (`make_curves.py`);
W workers in virtual time until T mean full trainings: T = 30, 10 and 5 for W = 1, 8 and 32.
Speed-up: T / (median time to reach what random search's median has at T), the geometric mean over
models; more is better, 1 is random search. A method that does not reach it within {BEYOND} T counts
as having needed {BEYOND} T. Regret at T: (value - best) / (random search's median - best), clipped
to [0, 2], the mean over models of the mean over seeds, ± its standard error; less is better. Models
whose best point random search's median finds by then are left out of it. Only full trainings count.
Random search has {MORE} times the seeds. Decision: CPU time of a mean `decide()`. -: not measured.

Made by `make bench-search`; `python -m benchmarks.curves --help` runs parts of it.
"""

CROSSING: Final = "diabetes-boosting"
"""The model whose first values say least about the final ones."""

Groups = Mapping[tuple[str, str], Mapping[str, Mapping[int, Trace]]]
"""(method, mode) -> problem -> seed -> trace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One method with one number of workers; see the head of the report."""

    method: str
    mode: str
    speed: float
    regret: float
    error: float
    speeds: Mapping[str, float]
    regrets: Mapping[str, float]
    errors: Mapping[str, float]
    seeds: int
    decision_ms: float


def scores(found: Iterable[Result], problems: Sequence[str]) -> list[Score]:
    """Return a score for every method and mode that has each of the problems.

    Raises:
        KeyError: random search itself was not run.
    """
    groups: dict[tuple[str, str], dict[str, dict[int, Trace]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for result in found:
        cell = result.cell
        if cell.problem in problems:
            groups[cell.solver, cell.mode][cell.problem][cell.seed] = result.trace
    order = list(METHODS)
    complete = [key for key, group in groups.items() if len(group) == len(problems)]
    return [
        _score(method, mode, groups)
        for mode in DEADLINES
        for method in order
        if (method, mode) in complete
    ]


def _score(method: str, mode: str, groups: Groups) -> Score:
    deadline = DEADLINES[mode]
    speeds: dict[str, float] = {}
    regrets: dict[str, float] = {}
    errors: dict[str, float] = {}
    group = groups[method, mode]
    for name, traces in group.items():
        by_seed = groups["random", mode][name].values()
        random = median(value_at(trace, deadline) for trace in by_seed)
        best = table(name).best
        speed = speed_up(list(traces.values()), random, deadline)
        speeds[name] = max(speed, 1 / BEYOND)
        if not random > best:
            continue  # nobody can be better than random search
        each = [
            regret(trace, best=best, random=random, deadline=deadline) for trace in traces.values()
        ]
        regrets[name] = fmean(each)
        errors[name] = (variance(each) / len(each)) ** 0.5 if len(each) > 1 else float("nan")
    every = [trace for traces in group.values() for trace in traces.values()]
    decisions = sum(trace.decisions for trace in every)
    return Score(
        method=method,
        mode=mode,
        speed=geometric_mean(speeds.values()),
        regret=fmean(regrets.values()),
        error=sum(error**2 for error in errors.values()) ** 0.5 / len(errors),
        speeds=speeds,
        regrets=regrets,
        errors=errors,
        seeds=min(len(traces) for traces in group.values()),
        decision_ms=1e3 * sum(t.cpu_seconds for t in every) / decisions if decisions else 0.0,
    )


def write_report(results: Path) -> list[str]:
    """Write curves.md, curves.json and curves.svg beside the results; return the table."""
    problems = [model.name for model in MODELS]
    found = latest(store.read(results).values())
    ranked = scores(found, problems)
    crossing = scores(found, [CROSSING, *FAMILIES])
    lines = [*_ranking(ranked), "", *_by_problem(ranked, problems), *_where_curves_cross(crossing)]
    results.with_suffix(".md").write_text("\n".join((_HEAD, *lines, "")), "utf-8")
    numbers = [asdict(score) for score in ranked]
    results.with_suffix(".json").write_text(json.dumps(numbers, indent=1) + "\n", "utf-8")
    draw(ranked, results.with_suffix(".svg"))
    return lines


def _ranking(ranked: Sequence[Score]) -> Iterator[str]:
    by_key = {(score.method, score.mode): score for score in ranked}
    heads = " | ".join(f"W={WORKERS[mode]}" for mode in DEADLINES)
    yield f"| speed-up; regret at T | {heads} | seeds | decision, ms |"
    yield "|---" * (len(DEADLINES) + 3) + "|"
    for name, method in METHODS.items():
        row = [by_key[name, mode] for mode in DEADLINES if (name, mode) in by_key]
        if not row:
            continue
        title = f"**{method.title}**" if method.ours else method.title
        cells = " | ".join(
            f"{s.speed:.1f}x; {s.regret:.2f} ± {s.error:.2f}" if s else "-"
            for mode in DEADLINES
            for s in [by_key.get((name, mode))]
        )
        slow = max(score.decision_ms for score in row)
        decision = f"{slow:.1f}" if slow else "-"
        yield f"| {title} | {cells} | {min(s.seeds for s in row)} | {decision} |"


def _by_problem(ranked: Sequence[Score], problems: Sequence[str]) -> Iterator[str]:
    for mode in DEADLINES:
        yield f"## W={WORKERS[mode]}, by model: speed-up; regret at T"
        yield ""
        yield "| method | " + " | ".join(problems) + " |"
        yield "|---" * (len(problems) + 1) + "|"
        for score in ranked:
            if score.mode == mode:
                row = (f"{score.speeds[n]:.1f}x; {_told(score, n)}" for n in problems)
                yield f"| {METHODS[score.method].title} | " + " | ".join(row) + " |"
        yield ""


def _told(score: Score, problem: str) -> str:
    return f"{score.regrets[problem]:.2f}" if problem in score.regrets else "-"


def _with_error(score: Score, problem: str) -> str:
    told = _told(score, problem)
    return f"{told} ± {score.errors[problem]:.2f}" if problem in score.errors else told


def _where_curves_cross(ranked: Sequence[Score]) -> Iterator[str]:
    yield "## Where curves cross: regret at T"
    yield ""
    yield f"{CROSSING} is the model where early values mislead most; the others are formulas, each"
    yield "made to fool rules that trust early values (`crossing.py`)."
    yield ""
    problems = [CROSSING, *FAMILIES]
    yield "| method | W | " + " | ".join(problems) + " |"
    yield "|---" * (len(problems) + 2) + "|"
    for name, method in METHODS.items():
        for score in ranked:
            if score.method == name:
                row = (_with_error(score, n) for n in problems)
                yield f"| {method.title} | {WORKERS[score.mode]} | " + " | ".join(row) + " |"
    yield ""


def draw(ranked: Sequence[Score], path: Path) -> None:
    """Draw, with a panel per number of workers, speed-ups and what is left where curves cross."""
    shown = [
        name for name in reversed(list(METHODS)) if any(score.method == name for score in ranked)
    ]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9, 5.4), layout="constrained")
        rows = figure.subplots(2, len(DEADLINES), sharey=True)
        for axes, mode in zip(rows[0], DEADLINES, strict=True):
            axes.set_title(f"W={WORKERS[mode]}, T={DEADLINES[mode]:g}", loc="left")
            speeds = {s.method: (s.speed, 0.0) for s in ranked if s.mode == mode}
            _bars(axes, shown, speeds, "speed-up; more is better")
        for axes, mode in zip(rows[1], DEADLINES, strict=True):
            left = {
                s.method: (s.regrets[CROSSING], s.errors[CROSSING])
                for s in ranked
                if s.mode == mode and CROSSING in s.regrets
            }
            _bars(axes, shown, left, "regret where curves cross;\nless is better")
        save(figure, path)


def _bars(
    axes: Any, shown: Sequence[str], values: Mapping[str, tuple[float, float]], label: str
) -> None:
    """Draw a bar for each method that has a value, with its standard error."""
    axes.set_yticks(range(len(shown)), [METHODS[name].title for name in shown])
    for place, name in enumerate(shown):
        if name not in values:
            axes.text(0.05, place, "not measured", va="center", fontsize=7, color=THEIRS)
            continue
        value, error = values[name]
        color = OURS if METHODS[name].ours else THEIRS
        axes.barh(place, value, xerr=error or None, color=color, error_kw={"lw": 0.8})
        axes.text(value + error + 0.05, place, f"{value:.2f}", va="center", fontsize=8)
    axes.axvline(1.0, color="black", lw=0.6, ls=":")
    axes.margins(x=0.15)
    axes.set_xlabel(label)
