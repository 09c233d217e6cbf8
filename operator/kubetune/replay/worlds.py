"""The worlds that a decision may have seen.

Times are recorded in whole seconds, and what is reported is seen a few seconds later. So a decision
made at a moment may have seen what happened just before it, or not: each such move of a trial is
open. A world is the trials as they stood then, for one choice of the moves that had been seen.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain, combinations, islice, product, zip_longest

from kubetune.core.trial import Trial
from kubetune.replay.record import Record

BEFORE = timedelta(seconds=15)
"""How long before a record its decision may lie, less what is seen late: a report waits 5 s in the
collector, a suggestion takes seconds where a surrogate thinks."""

AFTER = timedelta(seconds=1)
"""How long after it: recorded times are whole seconds."""

_WIDTHS = tuple(timedelta(seconds=seconds) for seconds in (0, 2, 5, 15))
# Of the choices for one edge only so many are looked at: their number doubles with each open move.
_MOST_OF_AN_EDGE = 4_000

Made = Mapping[int, int]
"""The number of the last move that each trial had made, by its index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """What had happened at a moment, and what may have.

    Attributes:
        certain: The last move that each trial had made for certain.
        perhaps: Moves that it may have made besides, by (when, index, number), oldest first.
    """

    certain: Made
    perhaps: tuple[tuple[datetime, int, int], ...]


def horizon(records: Iterable[Record], at: datetime, *, before: timedelta = BEFORE) -> Horizon:
    """Return what had happened at a moment; a move of unknown time never has."""
    certain: dict[int, int] = {}
    perhaps: list[tuple[datetime, int, int]] = []
    for record in records:
        certain[record.index] = 0
        latest: datetime | None = None
        for number, move in enumerate(record.moves[1:], start=1):
            if move.at is None or move.at > at + AFTER:
                break
            # Clocks of pods and of the operator may differ by a second.
            latest = move.at if latest is None else max(latest, move.at)
            if latest < at - before:
                certain[record.index] = number
            else:
                perhaps.append((latest, record.index, number))
    return Horizon(certain=certain, perhaps=tuple(sorted(perhaps)))


def choices(seen: Horizon) -> Iterator[Made]:
    """Yield the moves that may have been seen, the likeliest choice first.

    Those are the first ones in the order of time; which of one second came first is open, and the
    choices in which few of its moves had been seen, or few had not, come before the others. After
    that moves that lie two, five and fifteen seconds apart may have been seen in another order.
    """
    edges = sorted({moment for moment, *_ in seen.perhaps}, reverse=True)
    known: set[tuple[int, ...]] = set()
    open_ones = sorted({index for _, index, _ in seen.perhaps})
    if not edges:
        yield seen.certain
        return
    for width in _WIDTHS:
        # In turns: at the end of a job all trials move in one second, in very many orders.
        streams = (
            islice(_at_edge(seen, edge, width), _MOST_OF_AN_EDGE)
            for edge in (*edges, edges[-1] - 2 * AFTER - width)
        )
        for made in filter(None, chain.from_iterable(zip_longest(*streams))):
            key = tuple(made[index] for index in open_ones)
            if key not in known:
                known.add(key)
                yield made


def _at_edge(seen: Horizon, edge: datetime, width: timedelta) -> Iterator[Made]:
    """Yield the choices in which only moves within `width` of the edge are open."""
    least = dict(seen.certain)
    most: dict[int, int] = {}
    for moment, index, number in seen.perhaps:
        if moment < edge - width:
            least[index] = number
        elif moment <= edge + width:
            most[index] = number
    spans = [range(most[index], least[index] - 1, -1) for index in most]
    # Both ends at once: an operator that was away records a dozen moves in its first second.
    orders = zip_longest(product(*spans), _nearest_the_ends(spans))
    for numbers in filter(None, chain.from_iterable(orders)):
        yield {**least, **dict(zip(most, numbers, strict=True))}


def _nearest_the_ends(spans: Sequence[range]) -> Iterator[tuple[int, ...]]:
    """Yield where each trial stood: hardly anybody had moved, or hardly anybody had not, first.

    Args:
        spans: The numbers of each trial's open moves, descending to the one that is certain.
    """
    ends = [tuple(span[end] for span in spans) for end in (-1, 0)]
    for count in range(len(spans) + 1):
        for chosen in combinations(range(len(spans)), count):
            for end in ends:
                others = [[n for n in spans[place] if n != end[place]] for place in chosen]
                for numbers in product(*others):
                    made = list(end)
                    for place, number in zip(chosen, numbers, strict=True):
                        made[place] = number
                    yield tuple(made)


def world(records: Iterable[Record], made: Made, at: datetime) -> list[Trial]:
    """Return the trials as they stood at a moment, each after the last move that it had made."""
    return [record.after(made[record.index], at) for record in records]


def finished_of(records: Sequence[Record], made: Made) -> int:
    """Return how many trials had finished."""
    return sum(record.ends is not None and made[record.index] == record.ends for record in records)
