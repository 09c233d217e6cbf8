"""Whether early stops follow: the rule is asked again in the worlds that it may have seen."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice, product

from kubetune.api.trial import TrialState
from kubetune.core.decision import Evidence
from kubetune.core.trial import Trial
from kubetune.replay.evidence import fields, is_same, told
from kubetune.replay.finding import Finding, Kind, Verdict
from kubetune.replay.history import History
from kubetune.replay.record import Record
from kubetune.replay.worlds import AFTER, BEFORE
from kubetune.stopping.registry import find_stops

_MOST_WORLDS = 2000
# With a Trial gone, what was compared is not there any more, unless it was of another bracket.
_MOST_WITH_GAPS = 50
_ENDED = -1
_TICK = timedelta(microseconds=1)
# Above this many reports the collector leaves some out, half of them at a time.
_PERHAPS_THINNED = 100


def check_stops(history: History) -> Iterator[Finding]:
    """Yield a finding for each trial that was stopped while it ran, by index."""
    for record in history.records:
        if record.trial.state is TrialState.EARLY_STOPPED and not record.rested:
            yield _check(history, record)


def _check(history: History, record: Record) -> Finding:
    at = record.trial.finished_at
    if at is None or record.evidence is None:
        return _found(record, Verdict.UNDECIDED, "its Trial has no evidence, or no time")
    there = [r for r in history.records if r.created_at is None or r.created_at <= at + AFTER]
    nearest: Evidence | None = None
    most = _MOST_WITH_GAPS if history.missing else _MOST_WORLDS
    tried = 0
    for trials in islice(_worlds(there, record, at), most):
        tried += 1
        stops = (stop for stop in find_stops(history.spec, trials) if stop.index == record.index)
        evidence = next((stop.evidence for stop in stops), None)
        if evidence is not None and is_same(evidence, record.evidence):
            return _found(record, Verdict.FOLLOWS, told(record.evidence))
        nearest = nearest or evidence
    return _mismatch(history, record, there, nearest, is_all=tried < most)


def _mismatch(
    history: History,
    record: Record,
    there: Sequence[Record],
    nearest: Evidence | None,
    *,
    is_all: bool,
) -> Finding:
    recorded = told(record.evidence or {})
    if nearest is None:
        computed = "the rule does not stop it"
    else:
        computed = f"recomputed {told(fields(nearest))}"
    text = f"{recorded}; {computed}"
    if history.missing:
        missing = ", ".join(map(str, history.missing))
        return _found(record, Verdict.UNDECIDED, f"{text}; the Trials {missing} are gone")
    again = [other.trial.name for other in there if other.begun_anew]
    if again:
        text = f"{text}; what {', '.join(again)} had reported before it began anew is gone"
        return _found(record, Verdict.UNDECIDED, text)
    if any(len(other.trial.observations) >= _PERHAPS_THINNED for other in there):
        return _found(record, Verdict.UNDECIDED, f"{text}; observations may have been thinned")
    if any(time is None for other in there for time in other.seen_at):
        return _found(record, Verdict.UNDECIDED, f"{text}; some reports have no time")
    if not is_all:
        return _found(record, Verdict.UNDECIDED, f"{text}; too many histories are possible")
    return _found(record, Verdict.DIFFERS, text)


def _worlds(there: Sequence[Record], record: Record, at: datetime) -> Iterator[list[Trial]]:
    """Yield what may have been seen of the trials, each world once and the likeliest first.

    Everything up to some second had been seen, and of that second itself any part: first of the
    second of the stop, then of those before it. After that a few seconds together are open, for
    reports of different trials travel at different speeds.
    """
    recorded = record.evidence.get("step") if record.evidence else None
    step = recorded if isinstance(recorded, int) else 0
    judged = record.unfinished(_judged_count(record, step))
    others = [other for other in there if other.index != record.index]
    known: set[tuple[int, ...]] = set()
    known_spans: set[tuple[tuple[int, ...], ...]] = set()
    for width in (timedelta(), timedelta(seconds=5)):
        for back in range(-1, int(BEFORE.total_seconds())):
            # The second of the stop itself is likelier than the one after it.
            second = at - timedelta(seconds=0 if back == -1 else -1 if back == 0 else back)
            spans = tuple(_progress(other, second - width, second, step) for other in others)
            if spans in known_spans:
                continue
            known_spans.add(spans)
            for seen in islice(product(*spans), _MOST_WORLDS):
                key = tuple(
                    n if n in (_ENDED, 0) else 1 + (o.trial.observations[n - 1].step >= step)
                    for o, n in zip(others, seen, strict=True)
                )
                if key not in known:
                    known.add(key)
                    yield [judged, *(_as_seen(o, n) for o, n in zip(others, seen, strict=True))]


def _as_seen(record: Record, count: int) -> Trial:
    return record.trial if count == _ENDED else record.unfinished(count)


def _progress(record: Record, begin: datetime, end: datetime, step: int) -> tuple[int, ...]:
    """Return how many observations may have been seen, most first; _ENDED: the end as well.

    What happened before `begin` had been seen, what happened after `end` had not; both are whole
    seconds, and of those in between any first part may have been. Rules compare trials at one step:
    of the observations all that matters is whether they reach it, and of the ends only a success.
    """
    ended, known = record.trial.finished_at, record.trial.observations
    if ended is not None and ended < begin:
        return (_ENDED,)
    least, most = record.seen_by(begin - _TICK), record.seen_by(end)
    below = sum(observation.step < step for observation in known[:most])
    counts = (most,) if below == most or least > below else (most, below)
    succeeded = record.trial.state is TrialState.SUCCEEDED
    if ended is not None and ended <= end and succeeded:
        return (_ENDED, *counts)
    return counts


def _judged_count(record: Record, step: int) -> int:
    """Return how many observations a stopped trial had when it was judged at that step."""
    known = record.trial.observations
    before = sum(observation.step < step for observation in known)
    return min(before + 1, len(known))


def _found(record: Record, verdict: Verdict, text: str) -> Finding:
    return Finding(kind=Kind.EARLY_STOP, name=record.trial.name, verdict=verdict, text=text)
