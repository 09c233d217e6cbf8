"""Whether pauses, promotions and stops at rungs follow, in the modes that pause trials."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice

from kubetune.api.strategy import HyperbandMode
from kubetune.api.trial import TrialState
from kubetune.core.decision import Evidence, Promotion, StopTrial
from kubetune.core.rungs import levels_of
from kubetune.core.trial import Trial
from kubetune.replay.evidence import fields, is_same, told
from kubetune.replay.finding import Finding, Kind, Verdict
from kubetune.replay.history import History
from kubetune.replay.record import Record, Stay
from kubetune.replay.suggestions import Worlds
from kubetune.replay.values import value_of
from kubetune.replay.worlds import AFTER, BEFORE, choices, horizon, world
from kubetune.stopping.registry import find_promotions, find_stops, halving_of, retire_paused

_MOST_WORLDS = 500
_MOST_ELSEWHERE = 8
_PATIENCE = timedelta(seconds=5)


def check_rungs(history: History, worlds: Worlds) -> Iterator[Finding]:
    """Yield a finding for each pause, each promotion and each stop of a Paused trial."""
    if halving_of(history.spec).promote is None:
        return
    for record in history.records:
        for place, stay in enumerate(record.stays):
            yield _pause(history, record, place)
            if stay.promotion is not None:
                yield _promotion(history, record, place, stay.promotion)
        if record.rested and record.trial.state is TrialState.EARLY_STOPPED:
            yield _stop(history, record, record.evidence or {})
    yield from _passed_over(history, worlds)


def _pause(history: History, record: Record, place: int) -> Finding:
    """Compare where a trial paused, and with which value, with what it was granted."""
    stay = record.stays[place]
    faults = []
    wanted = _granted(history, record, place)
    if stay.seen.step != wanted:
        faults.append(f"it paused at step {stay.seen.step}, granted were {wanted}")
    if _above(history, stay.seen.step) is None:
        faults.append(f"step {stay.seen.step} is the last rung, where nothing pauses")
    is_last = place + 1 == len(record.stays)
    if not is_last and stay.promotion is None:
        faults.append(f"it went on from step {stay.seen.step} without a promotion")
    if is_last and record.rested:
        value = value_of(record, history.spec)
        if value is not None and value != stay.seen.value:
            faults.append(f"its value there is {stay.seen.value}, it reported {value}")
    verdict = Verdict.DIFFERS if faults else Verdict.FOLLOWS
    text = "; ".join(faults) or f"at step {stay.seen.step}, which it was granted"
    return _found(record, Kind.PAUSE, verdict, text)


def _granted(history: History, record: Record, place: int) -> int | None:
    """Return the steps that a trial was granted before its stay of that number."""
    if place == 0:
        return record.granted
    return _above(history, record.stays[place - 1].seen.step)


def _above(history: History, level: int) -> int | None:
    """Return the next rung; None above the last."""
    settings = history.spec.strategy.hyperband
    levels = () if settings is None else levels_of(settings)
    return next((each for each in levels if each > level), None)


def _promotion(
    history: History, record: Record, place: int, recorded: Mapping[str, object]
) -> Finding:
    stays = record.stays
    is_last = place + 1 == len(stays)
    granted = record.trial.resource if is_last else stays[place + 1].seen.step

    def find(trials: list[Trial]) -> Promotion | None:
        found = find_promotions(history.spec, trials)
        return next((each for each in found if each.index == record.index), None)

    nearest: Promotion | None = None
    for trials in _worlds(history, record, stays[place].left_at, _resting_move(record, place)):
        promotion = find(trials)
        if promotion is None:
            continue
        if is_same(promotion.evidence, recorded) and promotion.resource == granted:
            text = f"{told(recorded)}, on to step {granted}"
            return _found(record, Kind.PROMOTION, Verdict.FOLLOWS, text)
        nearest = nearest or promotion
    computed = "the rule does not promote it"
    if nearest is not None:
        computed = f"recomputed {told(fields(nearest.evidence))}, on to step {nearest.resource}"
    text = f"{told(recorded)}, on to step {granted}; {computed}"
    return _unexplained(history, record, Kind.PROMOTION, stays[place], text)


def _stop(history: History, record: Record, recorded: Mapping[str, object]) -> Finding:
    place = len(record.stays) - 1
    stay = record.stays[place]
    nearest: Evidence | None = None
    for trials in _worlds(history, record, stay.left_at, _resting_move(record, place)):
        for stop in _stops(history, trials, stay.left_at):
            if stop.index != record.index:
                continue
            if is_same(stop.evidence, recorded):
                return _found(record, Kind.EARLY_STOP, Verdict.FOLLOWS, told(recorded))
            nearest = nearest or stop.evidence
    computed = (
        "the rule does not stop it" if nearest is None else f"recomputed {told(fields(nearest))}"
    )
    return _unexplained(history, record, Kind.EARLY_STOP, stay, f"{told(recorded)}; {computed}")


def _stops(history: History, trials: list[Trial], at: datetime | None) -> Iterator[StopTrial]:
    """Yield whom the rule stops in that world; at the end of the job, all that are Paused."""
    yield from find_stops(history.spec, trials)
    end = history.end
    if end is not None and at is not None and end.at - BEFORE <= at <= end.at + AFTER:
        yield from retire_paused(history.spec, trials)


def _worlds(
    history: History, record: Record, at: datetime | None, move: int
) -> Iterator[list[Trial]]:
    """Yield the worlds in which the trial rested at its rung, just before it left.

    Trials of other brackets do not compete. With mode Promotion they may show which rungs are to be
    trusted: then a few choices of them are looked at, and else one.
    """
    if at is None:
        return
    settings = history.spec.strategy.hyperband
    is_asynchronous = settings is not None and settings.mode is HyperbandMode.PROMOTION
    elsewhere = _MOST_ELSEWHERE if is_asynchronous else 1
    for created in (at + AFTER, at, at - AFTER):
        there = [r for r in history.records if r.created_at is None or r.created_at <= created]
        rivals = [r for r in there if r.trial.bracket == record.trial.bracket and r is not record]
        others = [r for r in there if r.trial.bracket != record.trial.bracket]
        for settled in islice(choices(horizon(others, at)), elsewhere):
            for made in islice(choices(horizon(rivals, at)), _MOST_WORLDS):
                moves = {**settled, **made, record.index: move}
                yield world([*others, *rivals, record], moves, at)


def _resting_move(record: Record, place: int) -> int:
    """Return the number of the move by which a trial came to rest at its rung of that number."""
    rungs = place + 1
    return next(
        number for number, move in enumerate(record.moves) if len(move.trial.rungs) == rungs
    )


def _passed_over(history: History, worlds: Worlds) -> Iterator[Finding]:
    """Yield a finding for each trial that launches passed over though it was to go on.

    Promotions come before launches; one may have to wait until the Job of the trial's last rung is
    gone.
    """
    due: dict[tuple[int, int], datetime] = {}
    for record in history.records:
        trials = worlds.get(record.index)
        if trials is None or record.created_at is None:
            continue
        found = find_promotions(history.spec, trials)
        now = {(each.index, each.evidence.step): record.created_at for each in found}
        for index, level in sorted(due.keys() & now.keys()):
            now[index, level] = due[index, level]
            if record.created_at - due[index, level] >= _PATIENCE:
                late = next(other for other in history.records if other.index == index)
                name = record.trial.name
                text = f"it was to go on from step {level}, but {name} was launched instead"
                yield _found(late, Kind.PROMOTION, Verdict.DIFFERS, text)
        due = now


def _unexplained(history: History, record: Record, kind: Kind, stay: Stay, text: str) -> Finding:
    if history.missing:
        missing = ", ".join(map(str, history.missing))
        return _found(record, kind, Verdict.UNDECIDED, f"{text}; the Trials {missing} are gone")
    if stay.left_at is None:
        return _found(record, kind, Verdict.UNDECIDED, f"{text}; when is not recorded")
    if history.generation > 1:
        text += "; the spec was changed since the job was created"
    return _found(record, kind, Verdict.DIFFERS, text)


def _found(record: Record, kind: Kind, verdict: Verdict, text: str) -> Finding:
    return Finding(kind=kind, name=record.trial.name, verdict=verdict, text=text)
