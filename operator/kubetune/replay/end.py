"""Whether the end of a job follows, and the best trial that it names."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kubetune import planner
from kubetune.api.trial import TrialState
from kubetune.core.decision import Outcome, OutcomeKind
from kubetune.core.gpus import Count, gpu_counter
from kubetune.core.objective import incumbent
from kubetune.core.trial import Trial
from kubetune.replay.finding import Finding, Kind, Verdict
from kubetune.replay.history import End, History
from kubetune.replay.record import Record
from kubetune.replay.worlds import BEFORE


def check_end(history: History) -> Iterator[Finding]:
    """Yield a finding about the end, if there was one, and one about status.best."""
    if history.end is not None:
        yield _end(history, history.end)
    yield from _best(history)


def _end(history: History, end: End) -> Finding:
    outcomes = []
    for trials in _worlds(history, end):
        # The end was recorded in whole seconds, and the start too.
        for late in (timedelta(), timedelta(seconds=1)):
            decision = planner.decide(
                history.spec.model_copy(update={"suspend": False}),
                trials,
                seed=history.seed,
                started_at=history.started_at,
                now=end.at + late,
                parents=history.parents,
            )
            outcomes.append(decision.outcome)
            if _is_same(decision.outcome, end):
                text = f"{end.reason}: {end.message}"
                return _found(history, Kind.END, Verdict.FOLLOWS, text)
    computed = next((o for o in outcomes if o is not None), None)
    told = "the job goes on" if computed is None else f"{computed.reason}: {computed.message}"
    text = f"{end.reason}: {end.message}; recomputed: {told}"
    if history.missing:
        missing = ", ".join(map(str, history.missing))
        return _found(
            history, Kind.END, Verdict.UNDECIDED, f"{text}; the Trials {missing} are gone"
        )
    if history.generation > 1:
        text += "; the spec was changed since the job was created"
    return _found(history, Kind.END, Verdict.DIFFERS, text)


def _worlds(history: History, end: End) -> Iterator[list[Trial]]:
    """Yield what the end may have found: with the trials Paused that it stopped, and without.

    The end stops the Paused trials, and their last rung may have stopped some of them before.
    """
    gpus = gpu_counter(history.spec)
    left = (stay.left_at for record in history.records for stay in record.stays[-1:])
    late = sorted({at for at in left if at is not None and at >= end.at - BEFORE})
    for since in (*late, datetime.max.replace(tzinfo=UTC)):
        yield [_before(record, end, since, gpus) for record in history.records]


def _before(record: Record, end: End, since: datetime, gpus: Count) -> Trial:
    """Return the trial as the end found it: one that it stopped was not finished then.

    Args:
        record: The trial.
        end: The end.
        since: From when on the end stopped Paused trials.
        gpus: How many GPUs a trial has.
    """
    trial = record.trial
    left_at = record.stays[-1].left_at if record.rested else None
    if left_at is not None and left_at >= since:
        return record.moves[-2].trial
    if trial.state is not TrialState.STOPPED or record.reason != end.reason:
        return trial
    used = trial.gpu_seconds
    if trial.started_at is not None and trial.finished_at is not None:
        # What its last attempt used is counted again as that of a trial which runs.
        used -= gpus(trial.parameters) * (trial.finished_at - trial.started_at).total_seconds()
    return replace(record.unfinished(len(record.seen_at)), gpu_seconds=max(used, 0.0))


def _is_same(outcome: Outcome | None, end: End) -> bool:
    if outcome is None:
        return False
    failed = outcome.kind is OutcomeKind.FAILED
    return (failed, outcome.reason) == (end.failed, end.reason)


def _best(history: History) -> Iterator[Finding]:
    best = incumbent((r.trial for r in history.records), history.spec.objective)
    name = None if best is None else best.name
    if name == history.best:
        if name is not None:
            yield _found(history, Kind.BEST, Verdict.FOLLOWS, f"{name} is the best trial")
        return
    text = f"status.best is {history.best or 'empty'}, recomputed {name or 'none'}"
    if history.end is None:
        # The status is written a moment after its trials.
        yield _found(history, Kind.BEST, Verdict.UNDECIDED, f"{text}; the job has not ended")
    else:
        yield _found(history, Kind.BEST, Verdict.DIFFERS, text)


def _found(history: History, kind: Kind, verdict: Verdict, text: str) -> Finding:
    return Finding(kind=kind, name=history.name, verdict=verdict, text=text)
