"""What the brackets of a job have brought so far, and which of them are worth going on with.

The last bracket hardly selects: with as many brackets as rungs it is plain random search. So it is
what the others are measured by. A bracket that selects early spends more on each trial that it
trains to the end, and that has to pay: such a trial must be as good as the best of as many of the
last bracket's as the same resource would have trained. Where curves cross it is not, and where the
order of trials at the first rungs is the opposite of that at the last it is even worse. New trials
then pass that bracket over, so a job is led back to random search by its own results.

With mode Stopping, the first trials of a bracket meet little competition, and the ones that train
to the end are more than its table says, and less selected. So no more of them count, the best ones,
than there would be by the table for the steps that the bracket's finished trials have used.

All it takes is the final values of trials that were trained to the end, so it does not matter at
which steps, how often and how noisily they reported, and it can be checked later.

Source: the test is ours. That the choice of brackets should follow from what the job itself shows
is of Li et al. 2022, "Hyper-Tune", section 4.1, which weighs brackets by how well ranks at their
first rung agree with those of full trainings; decisions/0013 says why ranks alone mislead.

Symbols: C_b the resource that bracket b spends on each trial which it trains to the end, in such
trainings of the last bracket; w_b the share of pairs in which one of bracket b beats one of the
last. The best of C independent values beats another one with probability C / (C + 1).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kubetune.api.strategy import HyperbandSettings
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import ObjectiveSpec
from kubetune.core.brackets import bracket_count
from kubetune.core.objective import to_score
from kubetune.core.rungs import levels_of
from kubetune.core.trial import Trial

# Names are found faster than members of a class, and every trial is asked in every decision.
_SUCCEEDED, _EARLY_STOPPED = TrialState.SUCCEEDED, TrialState.EARLY_STOPPED

# Fewer trials of the last bracket say too little about what it brings.
_ENOUGH = 2
# What is believed of the first bracket before it has trained a trial to the end, as if one had told
# it; of each later one it is what is known of the bracket before it.
_BELIEF = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class BracketRecord:
    """One bracket, or with mode Synchronous one kind of bracket.

    Attributes:
        bracket: Its number, from 0.
        first: Its first rung, in steps.
        trained: Number of its trials that were trained to the end and have a value.
        share: w_b, the mean over them; None while there is nothing to compare.
        needed: What `share` must come to, C_b / (C_b + 1).
        pays: False if new trials pass it over.
    """

    bracket: int
    first: int
    trained: int
    share: float | None
    needed: float
    pays: bool

    @property
    def words(self) -> str:
        """Return why it is passed over, for a person."""
        own = "none" if self.share is None else f"{self.share:.0%}"
        return (
            f"{self.trained} trained to the end beat {own} of those of the last bracket, where "
            f"{self.needed:.0%} pays"
        )


def bracket_records(
    settings: HyperbandSettings, trials: Sequence[Trial], objective: ObjectiveSpec
) -> tuple[BracketRecord, ...]:
    """Return the record of each bracket, the last one included, which always pays.

    Determinism: a function of the trials that Succeeded; their order does not matter.
    """
    levels, count = levels_of(settings), bracket_count(settings)
    scores = _scores(trials, objective, count)
    yardstick = sorted(scores.get(count - 1, ()))
    costs = [_cost(settings, levels, bracket) for bracket in range(count)]
    is_measured = len(yardstick) >= _ENOUGH
    used = _steps_used(trials, count) if is_measured and not settings.mode.pauses else None
    records: list[BracketRecord] = []
    believed, is_known = _BELIEF, False
    for bracket in range(count):
        own = scores.get(bracket, ())
        cost = costs[bracket] / costs[-1]
        needed = cost / (cost + 1)
        share = None
        if own and is_measured:
            most = len(own) if used is None else max(round(used[bracket] / costs[bracket]), 1)
            beaten = [_beaten(yardstick, score) for score in sorted(own, reverse=True)[:most]]
            share = sum(beaten) / len(beaten)
            believed, is_known = (believed + sum(beaten)) / (1 + len(beaten)), True
        records.append(
            BracketRecord(
                bracket=bracket,
                first=levels[bracket],
                trained=len(own),
                share=share,
                needed=needed,
                pays=bracket == count - 1 or not is_known or believed >= needed,
            )
        )
    return tuple(records)


def _scores(
    trials: Sequence[Trial], objective: ObjectiveSpec, count: int
) -> Mapping[int, Sequence[float]]:
    """Return the final scores of the trials that were trained to the end, by bracket."""
    scores: dict[int, list[float]] = {}
    for trial in trials:
        if trial.state is _SUCCEEDED and trial.value is not None:
            bracket = (trial.bracket or 0) % count
            scores.setdefault(bracket, []).append(to_score(trial.value, objective.goal))
    return scores


def _steps_used(trials: Sequence[Trial], count: int) -> Sequence[int]:
    """Return the steps that the finished trials of each bracket used."""
    used = [0] * count
    for trial in trials:
        state = trial.state
        if (state is _EARLY_STOPPED or state is _SUCCEEDED) and trial.observations:
            used[(trial.bracket or 0) % count] += trial.observations[-1].step
    return used


def _beaten(ascending: Sequence[float], score: float) -> float:
    """Return the share of the scores that are less; equal ones count half."""
    places = bisect_left(ascending, score) + bisect_right(ascending, score)
    return places / (2 * len(ascending))


def _cost(settings: HyperbandSettings, levels: Sequence[int], bracket: int) -> float:
    """Return the steps that a bracket spends on each trial which it trains to the end."""
    steps, before, trials = 0, 0, settings.reduction_factor ** (len(levels) - 1 - bracket)
    for level in levels[bracket:]:
        steps += trials * (level if settings.restart_promoted else level - before)
        before, trials = level, trials // settings.reduction_factor
    return float(steps)
