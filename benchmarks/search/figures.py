"""The figures. Files are the same, byte by byte, for the same results."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.search.protocol import BUDGET, MODES
from benchmarks.search.solvers import SOLVERS
from benchmarks.search.summary import Score

OURS: Final = "#d1495b"
THEIRS: Final = "#8d99ae"
_TITLES: Final = {"b1": "one evaluation at a time", "b8": "eight in flight"}
STYLE: Final = {
    "svg.hashsalt": "kubetune",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def save(figure: Figure, path: Path) -> None:
    """Write the figure as SVG without a date."""
    figure.savefig(path, format="svg", metadata={"Date": None})
    text = path.read_text("utf-8")
    path.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n", "utf-8")


def draw_ranking(ranked: Sequence[Score], path: Path) -> None:
    """Draw a bar per solver with its standard error, a panel per mode."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9, 3.2), layout="constrained")
        for axes, mode in zip(figure.subplots(1, len(MODES), sharex=True), MODES, strict=True):
            _bars(axes, [score for score in reversed(ranked) if score.mode == mode], mode)
        save(figure, path)


def _bars(axes: Any, shown: Sequence[Score], mode: str) -> None:
    axes.set_title(f"{mode}: {_TITLES[mode]}", loc="left")
    axes.barh(
        [SOLVERS[score.solver].title for score in shown],
        [score.regret for score in shown],
        xerr=[score.error if score.seeds > 1 else 0.0 for score in shown],
        color=[OURS if SOLVERS[score.solver].ours else THEIRS for score in shown],
        error_kw={"lw": 0.8},
    )
    for place, score in enumerate(shown):
        end = score.regret + (score.error if score.seeds > 1 else 0.0)
        axes.text(end + 0.03, place, f"{score.regret:.2f}", va="center", fontsize=8)
    axes.axvline(1.0, color="black", lw=0.6, ls=":")
    axes.set_xlim(0, 1.3)
    axes.set_xlabel(f"normalised regret at {BUDGET} evaluations; less is better")


def draw_progress(ranked: Sequence[Score], path: Path) -> None:
    """Draw regret against evaluations, a panel per mode."""
    names = sorted({score.solver for score in ranked}, key=list(SOLVERS).index)
    with mpl.rc_context(STYLE):
        colours = dict(zip(names, mpl.color_sequences["tab10"] * 2, strict=False))
        figure = Figure(figsize=(9, 3.6), layout="constrained")
        panels = figure.subplots(1, len(MODES), sharey=True)
        for axes, mode in zip(panels, MODES, strict=True):
            axes.set_title(f"{mode}: {_TITLES[mode]}", loc="left")
            for score in ranked:
                if score.mode != mode:
                    continue
                entry = SOLVERS[score.solver]
                axes.plot(
                    range(1, BUDGET + 1),
                    score.progress,
                    label=entry.title,
                    color=colours[score.solver],
                    lw=2.2 if entry.ours else 1.0,
                )
            axes.set_xlabel("finished evaluations")
            axes.set_ylim(0, 1.4)
            axes.legend(fontsize=7, frameon=False, ncols=2, loc="upper right")
        panels[0].set_ylabel("normalised regret")
        save(figure, path)
