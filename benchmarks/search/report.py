"""The table, the numbers and the figures, written beside the results."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from benchmarks.search import store
from benchmarks.search.figures import draw_progress, draw_ranking
from benchmarks.search.problems import STANDARD
from benchmarks.search.protocol import BUDGET, MODES
from benchmarks.search.solvers import SOLVERS
from benchmarks.search.summary import Score, latest, load_references, scores

_HEAD: Final = f"""# Search strategies

Normalised regret after {BUDGET} evaluations: (true value of the incumbent - best) / (that of random
search, median of 400 - best), clipped to [0, 2]. 0 is perfect, 1 is as good as random search. The
incumbent is the point with the best observed value. b1: one evaluation at a time; b8: eight in
flight, which finish in an order drawn from the seed. The mean over {len(STANDARD)} problems of the
mean over seeds, ± its standard error. CPU: seconds inside the solver for {BUDGET} evaluations, one
thread, on one core of a shared 2-core machine.

Made by `make bench-search`; `python -m benchmarks.search --help` runs parts of it.
"""


def write_report(results: Path) -> list[str]:
    """Write search.md, search.json and the figures beside the results; return the table."""
    found = latest(store.read(results).values())
    references = load_references(results.with_name("search-references.json"), STANDARD)
    ranked = scores(found, STANDARD, references)
    versions = {result.cell.solver: result.cell.version for result in found}
    table = [*_ranking(ranked, versions), "", *_problems(ranked)]
    results.with_suffix(".md").write_text("\n".join((_HEAD, *table, "")), "utf-8")
    numbers = [{**asdict(score), "version": versions[score.solver]} for score in ranked]
    results.with_suffix(".json").write_text(json.dumps(numbers, indent=1) + "\n", "utf-8")
    draw_ranking(ranked, results.with_suffix(".svg"))
    draw_progress(ranked, results.with_name("search-progress.svg"))
    return table


def _ranking(ranked: Sequence[Score], versions: dict[str, str]) -> Iterator[str]:
    by_key = {(score.solver, score.mode): score for score in ranked}
    order = sorted(
        {score.solver for score in ranked},
        key=lambda name: (_regret_or_none(by_key, name, "b8"), name),
    )
    yield f"| solver | b1@{BUDGET} | b8@{BUDGET} | seeds b1, b8 | CPU s b1, b8 |"
    yield "|---|---|---|---|---|"
    for name in order:
        both = [by_key.get((name, mode)) for mode in MODES]
        entry = SOLVERS[name]
        title = f"**{entry.title}**" if entry.ours else entry.title
        shown = f"{title} {versions[name]}" if entry.package else title
        regrets = " | ".join(_with_error(score) for score in both)
        seeds = ", ".join(str(score.seeds) if score else "-" for score in both)
        cpu = ", ".join(f"{score.cpu_seconds:.2g}" if score else "-" for score in both)
        yield f"| {shown} | {regrets} | {seeds} | {cpu} |"


def _regret_or_none(by_key: dict[tuple[str, str], Score], name: str, mode: str) -> float:
    score = by_key.get((name, mode))
    return score.regret if score else float("inf")


def _with_error(score: Score | None) -> str:
    if score is None:
        return "-"
    error = f" ± {score.error:.2f}" if score.error == score.error else ""
    return f"{score.regret:.2f}{error}"


def _problems(ranked: Sequence[Score]) -> Iterator[str]:
    """Yield a table per mode: one row per problem, one column per solver."""
    for mode in MODES:
        columns = [score for score in ranked if score.mode == mode]
        if not columns:
            continue
        yield f"## {mode}, by problem"
        yield ""
        yield "| problem | " + " | ".join(SOLVERS[c.solver].title for c in columns) + " |"
        yield "|---" * (len(columns) + 1) + "|"
        for name in STANDARD:
            yield f"| {name} | " + " | ".join(f"{c.problems[name]:.2f}" for c in columns) + " |"
        yield ""
