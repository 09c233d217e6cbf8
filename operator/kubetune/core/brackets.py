"""Synchronous brackets: which trials belong to which, and where the next trial goes.

Brackets are numbered on and on: with B kinds of brackets, number g is of the kind g mod B, the kind
b being the one that skips the first b rungs. A new trial joins the newest bracket while that has
room and nothing in it was decided yet, else it opens the next one. So a bracket that lost a trial
goes on without it, and one that was cut short by maxTrials is not filled up later. Kinds that would
select at a rung that foretells nothing are passed over (`foresight`).

Source: Li et al. 2018, "Hyperband", Algorithm 1: the outer loop, repeated; begun anew before the
bracket before has ended, so that no worker idles.

Symbols: g the number of a bracket; B the number of kinds.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from kubetune.api.strategy import HyperbandSettings
from kubetune.api.trial import TrialState
from kubetune.core.rungs import bracket_sizes, levels_of, rung_sizes
from kubetune.core.trial import Trial


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


def newest_number(trials: Sequence[Trial]) -> int:
    """Return the number of the newest bracket of these trials, of which there is one at least."""
    return max([trial.bracket or 0 for trial in trials])


def next_brackets(
    settings: HyperbandSettings, trials: Sequence[Trial], *, distrusted: Collection[int] = ()
) -> Iterator[tuple[int, int]]:
    """Yield, for each trial to come, the number of its bracket and its first rung; without end.

    Args:
        settings: Of the job.
        trials: All trials of the run, by index ascending.
        distrusted: Rungs that foretell too little. Brackets that would select at one of them are
            passed over; one that has begun is filled.
    """
    kinds = _kinds(settings)
    number, room = 0, kinds[0][0]
    if trials:
        number = newest_number(trials)
        members = [trial for trial in trials if (trial.bracket or 0) == number]
        (newest,) = group(settings, members)
        room = 0 if newest.is_decided else newest.size - len(newest.trials)
    while True:
        if room <= 0:
            number += 1
            # The last kind selects nowhere.
            while any(level in distrusted for level in kinds[number % len(kinds)][1]):
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
    """Return B, the number of brackets that a job has.

    With fewer than there are rungs, a trial that starts slowly is judged whatever its bracket, and
    where curves cross that loses to random search: decisions/0010.
    """
    return len(levels_of(settings)) if settings.brackets is None else settings.brackets
