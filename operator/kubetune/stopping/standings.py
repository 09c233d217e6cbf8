"""Who stands where at a rung, for the rules that pause trials there.

A trial's value at a rung stays recorded whatever becomes of it, so trials that went on, failed
later or were stopped count in the population.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import ObjectiveSpec
from kubetune.core.decision import Evidence, Promotion, StopTrial
from kubetune.core.objective import to_score
from kubetune.core.trial import Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One trial at a rung.

    Attributes:
        trial: The trial.
        value: Its value there.
        score: The same, larger is better.
    """

    trial: Trial
    value: float
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """The trials that have a value at a rung.

    Attributes:
        level: The rung, in steps.
        entries: Best first; among equals the lower index.
    """

    level: int
    entries: tuple[Entry, ...]

    def waiting(self, first: int, last: int | None = None) -> list[Entry]:
        """Return those of the places first (from 0) to last (exclusive) that are Paused here."""
        return [
            entry for entry in self.entries[first:last] if is_paused_at(entry.trial, self.level)
        ]

    def last_to_go_on(self, keep: int) -> Entry:
        """Return the worst of those that go on if `keep` do; at least one, at most all that are."""
        return self.entries[min(max(keep, 1), len(self.entries)) - 1]

    def evidence(self, rule: str, entry: Entry, keep: int) -> Evidence:
        """Return the numbers behind what becomes of an entry if `keep` go on."""
        return Evidence(
            rule=rule,
            step=self.level,
            value=entry.value,
            threshold=self.last_to_go_on(keep).value,
            population=len(self.entries),
        )


def standings(trials: Iterable[Trial], level: int, objective: ObjectiveSpec) -> Standings:
    """Return who stands where at a rung."""
    entries = [
        Entry(trial=trial, value=seen.value, score=to_score(seen.value, objective.goal))
        for trial in trials
        for seen in trial.rungs
        if seen.step == level
    ]
    # By index, then stably by score: twice as fast as by a pair of both.
    entries.sort(key=_index)
    entries.sort(key=_SCORE, reverse=True)
    return Standings(level=level, entries=tuple(entries))


_SCORE = attrgetter("score")


def _index(entry: Entry) -> int:
    return entry.trial.index


def is_paused_at(trial: Trial, level: int) -> bool:
    """True if the trial waits at that rung."""
    return trial.state is TrialState.PAUSED and bool(trial.rungs) and trial.rungs[-1].step == level


def promotion(
    table: Standings, entry: Entry, *, rule: str, keep: int, resource: int, metric: str
) -> Promotion:
    """Return the promotion of one of the best `keep` entries."""
    evidence = table.evidence(rule, entry, keep)
    return Promotion(
        index=entry.trial.index,
        resource=resource,
        reason=f"{metric} {entry.value:g} at step {table.level} is among the best {keep} of "
        f"{evidence.population} trials there: it goes on to step {resource}",
        evidence=evidence,
    )


def stop(table: Standings, entry: Entry, *, rule: str, keep: int, metric: str) -> StopTrial:
    """Return the stop of an entry that will not be promoted."""
    evidence = table.evidence(rule, entry, keep)
    best = f"the best {keep}" if keep > 1 else "the best"
    told = (
        f"is not among {best} of {evidence.population} trials there"
        if entry.score < table.last_to_go_on(keep).score
        else f"was among {best} of {evidence.population} trials there, but was not promoted before "
        "the job ended"
    )
    return StopTrial(
        index=entry.trial.index,
        reason=f"{metric} {entry.value:g} at step {table.level} {told}",
        evidence=evidence,
    )
