"""Whether the trials' points follow: each decision to launch is made anew, from what it saw."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice, pairwise

from kubetune import planner
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import LimitsSpec, TuningJobSpec
from kubetune.core.basis import Basis, basis_of, telling_levels
from kubetune.core.decision import Suggestion
from kubetune.core.trial import Trial
from kubetune.replay.finding import Finding, Kind, Verdict
from kubetune.replay.history import History
from kubetune.replay.record import Record
from kubetune.replay.worlds import AFTER, BEFORE, choices, finished_of, horizon, world
from kubetune.stopping.registry import find_promotions

_MOST_DIGESTS = 2_000
_MOST_CHOICES = 20_000
# With a Trial gone it is unlikely that any history fits: it must have been gone already then.
_MOST_WITH_GAPS = 100
_MOST_DECISIONS = 40


Worlds = Mapping[int, list[Trial] | None]
"""What each launch saw, by the index of its first trial; None where no history gives its basis."""


def worlds_of(history: History) -> Worlds:
    """Return the worlds of all launches whose basis is recorded."""
    firsts: dict[int, Record] = {}
    for record in history.records:
        if record.basis is not None:
            firsts.setdefault(record.basis.first, record)
    return {first: _seen_by(history, record) for first, record in firsts.items()}


def check_suggestions(history: History, worlds: Worlds) -> Iterator[Finding]:
    """Yield a finding for each trial, by index."""
    for launch in _launches(history.records):
        if launch[0].basis is None:
            for record in launch:
                yield _without_basis(history, record, launch)
        else:
            yield from _with_basis(history, launch, worlds)


def _launches(records: Sequence[Record]) -> Iterator[list[Record]]:
    """Yield the trials that one decision launched, or may have: neighbours of about one time."""
    launch: list[Record] = list(records[:1])
    for before, record in pairwise(records):
        if record.basis is not None or before.basis is not None:
            is_same = record.basis == before.basis
        else:
            is_same = (
                record.created_at is not None
                and before.created_at is not None
                and record.created_at - before.created_at <= AFTER
            )
        if not is_same:
            yield launch
            launch = []
        launch.append(record)
    if launch:
        yield launch


def _with_basis(history: History, launch: Sequence[Record], worlds: Worlds) -> Iterator[Finding]:
    """Compare the trials of a decision whose basis is known."""
    known = launch[0].basis
    trials = None if known is None else worlds[known.first]
    if trials is None or known is None:
        for record in launch:
            yield _found(record, Verdict.UNDECIDED, _NO_WORLD)
        return
    count = launch[-1].index - known.first + 1
    answers = {s.index: s for s in _suggest(history, trials, known.first, count)}
    for record in launch:
        answer = answers.get(record.index)
        difference = _difference(record, answer)
        if difference and record.index != launch[-1].index:
            # The operator may have wanted fewer at once when this one was created.
            fewer = _suggest(history, trials, known.first, record.index - known.first + 1)
            difference = _difference(record, next(iter(fewer[-1:]), None))
        if not difference:
            text = f"from {known.finished} finished of {len(trials)} trials"
            yield _found(record, Verdict.FOLLOWS, text)
        else:
            yield _unexplained(history, record, difference)


_NO_WORLD = (
    "no order of the recorded ends gives the history that it was suggested from: a Trial was "
    "deleted or changed since, or its creation time is missing"
)


def _without_basis(history: History, record: Record, launch: Sequence[Record]) -> Finding:
    """Look for a history that the times allow and that gives the trial's point."""
    nearest: str | None = None
    tried = 0
    firsts = [other.index for other in reversed(launch) if other.index <= record.index]
    for first in firsts:
        earlier = [other for other in history.records if other.index < first]
        at, before = record.created_at, BEFORE
        if at is None:
            moments = [move.at for other in earlier for move in other.moves if move.at is not None]
            at = max(moments, default=history.started_at)
            before = max(at - history.started_at, timedelta()) + 2 * BEFORE
        for made in choices(horizon(earlier, at, before=before)):
            if tried >= _MOST_DECISIONS:
                text = f"none of the {tried} likeliest histories gives it; there are more"
                return _found(record, Verdict.UNDECIDED, text)
            tried += 1
            count = record.index - first + 1
            answers = _suggest(history, world(earlier, made, at), first, count)
            difference = _difference(record, next(iter(answers[-1:]), None))
            if not difference:
                text = f"from {finished_of(earlier, made)} finished of {len(earlier)} trials"
                return _found(record, Verdict.FOLLOWS, text)
            nearest = nearest or difference
    missing = [index for index in history.missing if index < record.index]
    if missing:
        text = f"the Trials {', '.join(map(str, missing))} are not there any more"
        return _found(record, Verdict.UNDECIDED, text)
    return _unexplained(history, record, nearest or "")


def _seen_by(history: History, record: Record) -> list[Trial] | None:
    """Return the world that a trial was suggested from, by its basis; None if there is none."""
    known, at = record.basis, record.created_at
    if known is None or at is None:
        return None
    wanted = Basis(first=known.first, finished=known.finished, digest=known.digest)
    earlier = [other for other in history.records if other.index < known.first]
    levels = telling_levels(history.spec)
    fitting = (
        made
        for made in islice(choices(horizon(earlier, at)), _MOST_CHOICES)
        if finished_of(earlier, made) == known.finished
    )
    for made in islice(fitting, _MOST_WITH_GAPS if history.missing else _MOST_DIGESTS):
        trials = world(earlier, made, at)
        if basis_of(trials, first=wanted.first, levels=levels) == wanted:
            return trials
    return None


def _suggest(
    history: History, trials: Sequence[Trial], first: int, count: int
) -> Sequence[Suggestion]:
    """Return what the planner suggests in that world."""
    spec = history.spec
    most = spec.limits.max_trials
    limits = LimitsSpec(
        # Limits may have been changed since, and promotions come before launches.
        max_parallel_trials=sum(trial.holds_slot for trial in trials)
        + len(find_promotions(spec, trials))
        + count,
        max_trials=most if most is None or most >= len(trials) + count else None,
        max_initial_failures=0,
    )
    awake: TuningJobSpec = spec.model_copy(
        update={"limits": limits, "completion": None, "suspend": False, "stop": False}
    )
    at = max((t.finished_at for t in trials if t.finished_at is not None), default=None)
    now = max(at or history.started_at, history.started_at)
    if first and (not trials or trials[-1].index < first - 1):
        # The index before the first one was somebody's who is gone.
        gone = Trial(index=first - 1, name="", parameters={}, state=TrialState.STOPPED)
        trials = [*trials, gone]
    decision = planner.decide(
        awake,
        trials,
        seed=history.seed,
        started_at=history.started_at,
        now=now,
        parents=history.parents,
    )
    return decision.launch


def _difference(record: Record, answer: Suggestion | None) -> str:
    """Return in what a trial is not what was suggested; empty if in nothing."""
    if answer is None:
        return "nothing is suggested"
    trial = record.trial
    pairs: list[tuple[str, object, object]] = [
        (name, trial.parameters.get(name), value) for name, value in answer.parameters.items()
    ]
    pairs += [("resource", record.granted, answer.resource)]
    pairs += [("bracket", trial.bracket, answer.bracket)]
    return ", ".join(
        f"{name} is {recorded}, recomputed {wanted}"
        for name, recorded, wanted in pairs
        if recorded != wanted
    )


def _unexplained(history: History, record: Record, difference: str) -> Finding:
    if history.lost:
        text = f"{difference}; not all results of {', '.join(history.lost)} are there"
        return _found(record, Verdict.UNDECIDED, text)
    if history.generation > 1:
        difference += "; the spec was changed since the job was created"
    return _found(record, Verdict.DIFFERS, difference)


def _found(record: Record, verdict: Verdict, text: str) -> Finding:
    return Finding(kind=Kind.SUGGESTION, name=record.trial.name, verdict=verdict, text=text)
