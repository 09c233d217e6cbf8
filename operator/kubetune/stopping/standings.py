"""Who stands where at a rung, for the rules that pause trials there.

A trial's value at a rung stays recorded whatever becomes of it, so trials that went on, failed
later or were stopped count in the population.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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


Row = tuple[float, int, float, Trial]
"""(the score with the other sign, index, value, trial): sorted, the best comes first, and among
equals the lower index. Made for every trial in every decision, so it is a plain tuple."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """The trials that have a value at a rung.

    Attributes:
        level: The rung, in steps.
        rows: Best first; among equals the lower index.
    """

    level: int
    rows: Sequence[Row]

    def waiting(self, first: int, last: int | None = None) -> list[Entry]:
        """Return those of the places first (from 0) to last (exclusive) that are Paused here."""
        return [
            Entry(trial=trial, value=value, score=-loss)
            for loss, _, value, trial in self.rows[first:last]
            if is_paused_at(trial, self.level)
        ]

    def evidence(self, rule: str, entry: Entry, keep: int) -> Evidence:
        """Return the numbers behind what becomes of an entry if `keep` go on."""
        return Evidence(
            rule=rule,
            step=self.level,
            value=entry.value,
            threshold=self._last_to_go_on(keep)[2],
            population=len(self.rows),
        )

    def is_among(self, entry: Entry, keep: int) -> bool:
        """True if an entry is as good as the worst of those that go on if `keep` do."""
        return -entry.score <= self._last_to_go_on(keep)[0]

    def _last_to_go_on(self, keep: int) -> Row:
        """Return the worst of those that go on; at least one, at most all that are."""
        return self.rows[min(max(keep, 1), len(self.rows)) - 1]


def standings(trials: Iterable[Trial], level: int, objective: ObjectiveSpec) -> Standings:
    """Return who stands where at a rung."""
    sign = -to_score(1.0, objective.goal)
    rows = [
        (sign * seen.value, trial.index, seen.value, trial)
        for trial in trials
        for seen in trial.rungs
        if seen.step == level
    ]
    rows.sort()
    return Standings(level=level, rows=rows)


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
        if not table.is_among(entry, keep)
        else f"was among {best} of {evidence.population} trials there, but was not promoted before "
        "the job ended"
    )
    return StopTrial(
        index=entry.trial.index,
        reason=f"{metric} {entry.value:g} at step {table.level} {told}",
        evidence=evidence,
    )
