"""The live view: progress, best so far, unfinished trials, recent decisions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from kubetune.cli.objects import Trial, TuningJob
from kubetune.cli.render.decisions import happenings
from kubetune.cli.render.summary import counts
from kubetune.cli.render.wording import because, clock, duration, number, parameters
from kubetune.cli.snapshot import UNFINISHED, Snapshot

NARROW = 70
"""Columns below which the table leaves out ages and shows fewer words."""

DECISIONS = 6
"""Recent decisions that are shown where the terminal is high enough."""

_FIXED_LINES = 12
"""Lines that are always there: head, bar, counts, best, titles and the gaps between them."""

_COLOURS = {
    "Succeeded": "green",
    "Complete": "green",
    "EarlyStopped": "yellow",
    "Suspended": "yellow",
    "Degraded": "yellow",
    "Failed": "red",
    "MetricsUnavailable": "red",
    "Refused": "red",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Where it is drawn.

    Attributes:
        width: Columns.
        height: Lines; rows are left out, and said to be, rather than scrolled off.
        now: The moment of the drawing.
    """

    width: int
    height: int
    now: datetime


def live_view(snapshot: Snapshot, screen: Screen, *, notice: str | None = None) -> RenderableType:
    """The whole view.

    Args:
        snapshot: What is known.
        screen: Where it is drawn.
        notice: Something about the command itself, such as a lost connection; None if all is well.
    """
    room = max(screen.height - _FIXED_LINES, 2)
    recent = min(DECISIONS, max(room // 3, 1))
    parts: list[RenderableType] = [_head(snapshot), _progress(snapshot, screen)]
    parts += [Text(f"Trials  {counts(snapshot)}", overflow="ellipsis", no_wrap=True), Text()]
    parts += _best(snapshot)
    parts += [Text(), *_unfinished(snapshot, screen, rows=max(room - recent, 1))]
    parts += [Text(), *_decisions(snapshot, rows=recent)]
    if notice is not None:
        parts += [Text(), Text(notice, style="bold yellow")]
    return Group(*parts)


def _head(snapshot: Snapshot) -> Text:
    job = snapshot.job
    goal = job.spec.objective.goal.lower() or "optimise"
    head = Text(no_wrap=True, overflow="ellipsis")
    head.append(f"{job.metadata.namespace}/{job.metadata.name}", style="bold")
    head.append(f"  {job.status.phase or 'Pending'}", style=_COLOURS.get(job.status.phase or ""))
    head.append(f"  {job.spec.strategy.type}, {goal} {job.spec.objective.metric}", style="dim")
    return head


def _progress(snapshot: Snapshot, screen: Screen) -> RenderableType:
    elapsed, left = snapshot.elapsed(screen.now), snapshot.left(screen.now)
    words = f"{snapshot.finished} ended"
    if snapshot.wanted is not None:
        words = f"{snapshot.finished}/{snapshot.wanted} trials"
    if elapsed is not None:
        words += f"  {duration(elapsed)}"
    if left is not None:
        words += f", about {duration(left)} left"
    if snapshot.wanted is None:
        return Text(words)
    grid = Table.grid(Column(ratio=1), Column(no_wrap=True), padding=(0, 1), expand=True)
    bar = ProgressBar(total=max(snapshot.wanted, 1), completed=snapshot.finished)
    grid.add_row(bar, words)
    return grid


def _best(snapshot: Snapshot) -> list[RenderableType]:
    best = snapshot.best
    if best is None:
        return [Text("Best    none yet")]
    at = "" if best.resource is None else f" at step {best.resource}"
    line = Text("Best    ", no_wrap=True, overflow="ellipsis")
    line.append(f"{snapshot.job.spec.objective.metric} {number(best.value)}", style="bold green")
    line.append(f"  {best.trial}{at}")
    point = parameters(snapshot.job.in_order(best.parameters))
    return [line, Text(f"        {point}", no_wrap=True, overflow="ellipsis")]


def _unfinished(snapshot: Snapshot, screen: Screen, *, rows: int) -> Iterable[RenderableType]:
    trials = [trial for trial in snapshot.trials if trial.status.state in UNFINISHED]
    if not trials:
        return [Text(_idle(snapshot))]
    wide = screen.width >= NARROW
    columns = ["TRIAL", "STATE", "STEP", "VALUE", *(["AGE"] if wide else []), "PARAMETERS"]
    # Running ones first: they are what moves.
    trials.sort(key=lambda trial: trial.status.state == "Pending")
    shown = trials[:rows] if len(trials) <= rows else trials[: max(rows - 1, 1)]
    cells = [_cells(trial, snapshot.job, screen.now) for trial in shown]
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    left = screen.width
    for column in columns:
        # Whole, up to a third of the terminal: it is the last column that gives way.
        longest = max(len(column), *(len(row[column]) for row in cells))
        width = max(left, 1) if column == columns[-1] else min(longest, screen.width // 3)
        table.add_column(column, no_wrap=True, overflow="ellipsis", width=width)
        left -= width + 2
    for row in cells:
        table.add_row(*(Text(row[column]) for column in columns))
    more = len(trials) - len(shown)
    return [table, Text(f"... and {more} more", style="dim")] if more else [table]


def _cells(trial: Trial, job: TuningJob, now: datetime) -> dict[str, str]:
    status = trial.status
    step, value = trial.last_step, trial.value_of(job.spec.objective.metric)
    of = "" if trial.spec.resource is None else f"/{trial.spec.resource}"
    since = status.start_time or trial.metadata.creation_timestamp
    waiting = because(status.reason, status.message) if status.state == "Pending" else ""
    return {
        "TRIAL": trial.metadata.name,
        "STATE": status.state,
        "STEP": "" if step is None else f"{step}{of}",
        "VALUE": "" if value is None else number(value),
        "AGE": "" if since is None else duration(now - since),
        "PARAMETERS": waiting or parameters(job.in_order(trial.spec.parameters)),
    }


def _idle(snapshot: Snapshot) -> str:
    if snapshot.job.spec.suspend:
        return "No trial runs: the job is suspended."
    return "No trial runs."


def _decisions(snapshot: Snapshot, *, rows: int) -> list[RenderableType]:
    found = happenings(snapshot)[-rows:]
    if not found:
        return []
    lines: list[RenderableType] = [Text("Recent decisions", style="dim")]
    for happening in found:
        line = Text(f"{clock(happening.at)}  {happening.name}  ", no_wrap=True, overflow="ellipsis")
        line.append(happening.text, style=_COLOURS.get(happening.state))
        lines.append(line)
    return lines
