"""What to look at next: the few things about a job that a person would point out to another."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from shlex import quote
from typing import Any

from kubetune.cli.render.order import improvements
from kubetune.cli.render.wording import clean, parameter
from kubetune.cli.snapshot import Snapshot

_EDGE = 0.02
"""Share of a range within which the best value counts as being at its end."""

_LATE = 0.8
_EARLY = 0.25
_FEW = 8
"""Finished trials below which it says little when the best was found."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job was found, so that a proposed command finds it again.

    Attributes:
        flags: Those that the command line was given for that, quoted for a shell.
        is_file: True for a file or a directory, False for a cluster.
        directory: What `kubetune run` keeps, quoted for a shell; None for anything else.
    """

    flags: tuple[str, ...] = ()
    is_file: bool = False
    directory: str | None = None

    def command(self, verb: str, name: str, *more: str) -> str:
        """Return a command about the job."""
        return " ".join(("kubetune", verb, quote(name), *self.flags, *more))


def next_steps(snapshot: Snapshot, spec: Mapping[str, Any], place: Place) -> Iterator[str]:
    """Yield what is worth a look, each with the command or the field; never nothing."""
    job, name = snapshot.job, snapshot.job.metadata.name
    if job.refusal is not None:
        yield "mend what the message names, check it with kubetune validate -f FILE, apply it again"
        return
    if job.status.phase is None:
        yield (
            "is the operator running? kubectl get deployments -A -l app.kubernetes.io/name=kubetune"
        )
        return
    if job.status.phase == "Suspended":
        yield _resumption(job.status.reason, name, place)
    failed = [t for t in snapshot.trials if t.status.state in ("Failed", "MetricsUnavailable")]
    if failed:
        which = ("--trial", str(failed[-1].spec.index))
        yield f"{place.command('explain', name, *which)} tells of the last failure"
    yield from _edges(snapshot, spec)
    yield from _timing(snapshot)
    if not job.has_ended and not place.is_file:
        yield f"{place.command('watch', name)} follows it to its end"
    if job.status.best is not None and (job.has_ended or place.is_file):
        best = ("--trial", job.status.best.trial)
        command = place.command("best", name, "-o", "args")
        yield f"{command} prints the best parameters for a command line"
        yield f"{place.command('explain', name, *best)} tells how it came to them"


def _resumption(reason: str | None, name: str, place: Place) -> str:
    if reason == "Interrupted":
        return "the same kubetune run command lets it go on"
    if place.is_file:
        return "spec.suspend: false lets it go on"
    return f"{place.command('resume', name)} lets it go on"


def _edges(snapshot: Snapshot, spec: Mapping[str, Any]) -> Iterator[str]:
    """Yield the parameters whose best value is at an end of its range."""
    best = snapshot.best
    if best is None:
        return
    for wish in spec.get("parameters") or []:
        value = best.parameters.get(wish.get("name"))
        place = _place(wish, value)
        if place is None or _EDGE < place < 1 - _EDGE:
            continue
        end = "min" if place <= _EDGE else "max"
        yield (
            f"{clean(str(wish['name']))}: the best value {parameter(value or 0)} is at the end of "
            f"its range ({end} {wish[end]:g}); a wider range may hold a better one"
        )


def _place(wish: Mapping[str, Any], value: Any) -> float | None:
    """Where a value stands in its range, from 0 to 1; None where that means nothing."""
    low, high = wish.get("min"), wish.get("max")
    numbers = (low, high, value)
    if any(isinstance(n, bool) or not isinstance(n, int | float) for n in numbers) or low == high:
        return None
    known: list[float] = [float(n) for n in numbers if n is not None]
    if wish.get("scale") == "Log" and min(known) > 0:
        known = [math.log(n) for n in known]
    bottom, top, at = known
    return (at - bottom) / (top - bottom)


def _timing(snapshot: Snapshot) -> Iterator[str]:
    """Yield what the moment of the last improvement says about the number of trials."""
    story, finished = improvements(snapshot), snapshot.finished
    if not story or finished < _FEW or not snapshot.job.has_ended:
        return
    place, trial = story[-1]
    if place >= _LATE * finished and snapshot.job.status.reason == "MaxTrialsReached":
        yield (
            f"the best was found late, by trial {place} of {finished}: more trials may find better "
            "ones (a larger limits.maxTrials with a new spec.runId)"
        )
    elif place <= _EARLY * finished:
        yield (
            f"the best was found early, by trial {place} of {finished} ({trial.metadata.name}): "
            "completion.notImproving would have ended the job sooner"
        )
