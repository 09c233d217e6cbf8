"""Brackets: which trials belong to which, and where the next trial goes.

In the asynchronous modes the index alone says it: rounds of all brackets follow each other, and in
each round a bracket has a number of trials in proportion to its size. First come those of the first
bracket, for they find a good trial soonest; then those of the last, by which the others are
measured (core.bracket_records); then the others, those that select least first.

Synchronous brackets are numbered on and on: with B kinds of brackets, number g is of the kind
g mod B, the kind b being the one that skips the first b rungs. A new trial joins the newest bracket
while that has room and nothing in it was decided yet, else it opens the next one. So a bracket that
lost a trial goes on without it, and one that was cut short by maxTrials is not filled up later.

Source: Li et al. 2018, "Hyperband", Algorithm 1: the outer loop, repeated; begun anew before the
bracket before has ended, so that no worker idles.

Symbols: g the number of a bracket; B the number of kinds.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kubetune.api.strategy import HyperbandSettings
from kubetune.api.trial import TrialState
from kubetune.core.rungs import bracket_sizes, levels_of, rung_sizes
from kubetune.core.trial import Trial

# As many as the field allows.
_MOST = 10
# Trials of the first bracket in a round, at most: with many rungs no other would ever come.
_LONGEST = 81
# A bracket that is passed over gets every tenth of its trials all the same, to show otherwise.
TRIED_AGAIN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """A bracket and its trials.

    Attributes:
        number: Its number g, from 0.
        size: Number of trials that it is meant for.
        levels: Its rungs, ascending.
        trials: Its trials, by index ascending.
    """

    number: int
    size: int
    levels: tuple[int, ...]
    trials: tuple[Trial, ...]

    @property
    def is_decided(self) -> bool:
        """True if one of its trials was promoted, or was dropped at a rung."""
        first = self.levels[0]
        return any(
            trial.state is TrialState.EARLY_STOPPED or (trial.resource or 0) > first
            for trial in self.trials
        )

    def sizes(self, reduction_factor: int) -> tuple[int, ...]:
        """Return how many trials train to each of its rungs, given those that it has."""
        size = min(self.size, len(self.trials))
        return rung_sizes(size, len(self.levels), reduction_factor)


def group(settings: HyperbandSettings, trials: Sequence[Trial]) -> list[Bracket]:
    """Return the brackets that have trials, by number ascending.

    Args:
        settings: Of the job.
        trials: All trials of the run, by index ascending.
    """
    members: dict[int, list[Trial]] = {}
    for trial in trials:
        members.setdefault(trial.bracket or 0, []).append(trial)
    kinds = _kinds(settings)
    return [
        Bracket(
            number=number,
            size=kinds[number % len(kinds)][0],
            levels=kinds[number % len(kinds)][1],
            trials=tuple(members[number]),
        )
        for number in sorted(members)
    ]


def bracket_at(settings: HyperbandSettings, index: int) -> int:
    """Return the bracket of the trial with that index; asynchronous modes."""
    sizes = bracket_sizes(
        len(levels_of(settings)), bracket_count(settings), settings.reduction_factor
    )
    order = _round(sizes)
    return order[index % len(order)]


@lru_cache(maxsize=64)
def _round(sizes: tuple[int, ...]) -> tuple[int, ...]:
    """Return the brackets of one round, in the order of the trials."""
    largest = min(sizes[0], _LONGEST)
    shares = [max(1, round(size * largest / sizes[0])) for size in sizes]
    order = [0, *range(len(sizes) - 1, 0, -1)]
    return tuple(bracket for bracket in order for _ in range(shares[bracket]))


def next_brackets(
    settings: HyperbandSettings, trials: Sequence[Trial], *, passed_over: Container[int] = ()
) -> Iterator[tuple[int, int]]:
    """Yield, for each trial to come, the number of its bracket and its first rung; without end.

    Args:
        settings: Of the job.
        trials: All trials of the run, by index ascending.
        passed_over: Kinds of brackets that are not opened, but for one in TRIED_AGAIN; not the
            last kind.
    """
    kinds = _kinds(settings)
    brackets = group(settings, trials)
    number, room = 0, kinds[0][0]
    if brackets:
        newest = brackets[-1]
        number = newest.number
        room = 0 if newest.is_decided else newest.size - len(newest.trials)
    while True:
        if room <= 0:
            number += 1
            while number % len(kinds) in passed_over and (number // len(kinds)) % TRIED_AGAIN:
                number += 1
            room = kinds[number % len(kinds)][0]
        room -= 1
        yield number, kinds[number % len(kinds)][1][0]


def kinds_of(settings: HyperbandSettings) -> Mapping[int, tuple[int, tuple[int, ...]]]:
    """Return, for each kind of bracket, its size and its rungs."""
    return dict(enumerate(_kinds(settings)))


def _kinds(settings: HyperbandSettings) -> list[tuple[int, tuple[int, ...]]]:
    levels = levels_of(settings)
    sizes = bracket_sizes(len(levels), bracket_count(settings), settings.reduction_factor)
    return [(size, levels[kind:]) for kind, size in enumerate(sizes)]


def bracket_count(settings: HyperbandSettings) -> int:
    """Return B, the number of brackets that a job has."""
    if settings.brackets is not None:
        return settings.brackets
    return min(len(levels_of(settings)), _MOST)
