"""One look at a job on this machine: record, decide, and say what to do with processes. Pure.

    trials, attempts ──► judge each trial ──► decide ──► what to save, to end and to start

The caller saves what has changed first and touches processes after that, so that it may be cut
short anywhere: a look at what is left asks for the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from kubetune import planner
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.tuningjob_status import Phase
from kubetune.core.basis import basis_of, telling_levels
from kubetune.core.decision import Decision, Outcome
from kubetune.core.trial import Trial as CoreTrial
from kubetune.kube.objects import Trial, TrialStatus
from kubetune.local.attempt import Attempt, Start, Terms
from kubetune.local.judge import interrupted, judge
from kubetune.local.world import World, new_trial
from kubetune.record import trials as transitions
from kubetune.record.status import JobVerdict, build_status, is_finished, verdict_of
from kubetune.record.trials import CoreTrials

PAUSED = "kubetune run was interrupted; the same command goes on where it was"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a look found and what is to be done, in this order.

    Attributes:
        world: The world to come.
        changed: Trials to save, in the order of their index; new ones among them.
        stop: Names of trials whose process is to be asked to end.
        kill: Names of trials whose process had its time to end.
        start: Attempts to start.
        wake_at: When to look again though nothing happens; None if only events matter.
        is_over: True when no process is left and none is to come.
    """

    world: World
    changed: tuple[Trial, ...] = ()
    stop: tuple[str, ...] = ()
    kill: tuple[str, ...] = ()
    start: tuple[Start, ...] = ()
    wake_at: datetime | None = None
    is_over: bool = False


class Looker:
    """Looks at one job; remembers only what saves time.

    Args:
        terms: What the template says about the life of processes.
    """

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._cache = CoreTrials()
        self._told: set[str] = set()
        self._before: tuple[World, frozenset[str], bool] | None = None
        self._wakes: list[datetime] = []

    def look(
        self,
        world: World,
        attempts: Mapping[str, Attempt],
        *,
        now: datetime,
        is_interrupted: bool = False,
        is_impatient: bool = False,
    ) -> Step:
        """Return what to record and to do now.

        Args:
            world: What is recorded.
            attempts: The latest process of each trial that has one, by the trial's name.
            now: Aware.
            is_interrupted: True when the user wants to go: processes end, and nothing starts.
            is_impatient: True when processes that were asked to end have no more time.
        """
        book, deadlines = self._judged(world, attempts, now, is_interrupted=is_interrupted)
        alive = frozenset(name for name, attempt in attempts.items() if attempt.is_alive)
        seen = (world, alive, is_interrupted)
        if book.changed or seen != self._before or any(now >= wake for wake in self._wakes):
            world = self._next(world, book, attempts, now, is_interrupted=is_interrupted)
            self._before = (world, alive, is_interrupted)
        grace = timedelta() if is_impatient else self._terms.grace
        stop, kill, ends = _ends(world.trials, attempts, grace, now)
        is_paused = is_interrupted or world.spec.suspend or is_finished(world.status)
        room = world.spec.limits.max_parallel_trials - len(alive)
        return Step(
            world=world,
            changed=book.changed,
            stop=stop,
            kill=kill,
            start=() if is_paused else _starts(world.trials, attempts, room),
            wake_at=min([*deadlines, *self._wakes, *ends], default=None),
            is_over=is_paused and not alive,
        )

    def _judged(
        self,
        world: World,
        attempts: Mapping[str, Attempt],
        now: datetime,
        *,
        is_interrupted: bool,
    ) -> tuple["_Book", list[datetime]]:
        """Return the trials as their processes are now, and their deadlines."""
        book, deadlines = _Book(world.trials), []
        for trial in world.trials:
            attempt = attempts.get(trial.metadata.name)
            is_told = attempt is not None and attempt.uid in self._told
            verdict = judge(trial, attempt, world.spec, self._terms, now=now, is_told=is_told)
            status = verdict.status
            if attempt is not None and not attempt.is_alive:
                self._told.add(attempt.uid)
            if is_interrupted and not TrialState(status.state).is_idle:
                status = interrupted(msgspec.structs.replace(trial, status=status))
            elif verdict.wake_at is not None:
                deadlines.append(verdict.wake_at)
            book.record(trial, status)
        return book, deadlines

    def _next(
        self,
        world: World,
        book: "_Book",
        attempts: Mapping[str, Attempt],
        now: datetime,
        *,
        is_interrupted: bool,
    ) -> World:
        """Decide, put the decision into the book, and return the world to come."""
        self._wakes = []
        if is_finished(world.status):
            return replace(world, trials=book.trials)
        decision, known = Decision(), self._core_trials(book.trials, world.spec, attempts)
        if not is_interrupted:
            decision = _decide(world, known, now)
        if decision.wake_after is not None:
            self._wakes.append(now + decision.wake_after)
        _apply(decision, world, book, known, now)
        verdict = verdict_of(
            world.spec,
            decision.outcome,
            degraded=decision.fallback,
            convergence=decision.convergence,
        )
        if is_interrupted:
            verdict = JobVerdict(phase=Phase.SUSPENDED, reason="Interrupted", message=PAUSED)
        status = build_status(
            world.status,
            world.spec,
            self._core_trials(book.trials, world.spec, attempts),
            verdict,
            generation=world.body["metadata"]["generation"],
            plan=None,
            now=now,
        )
        return replace(world, trials=book.trials, status=status)

    def _core_trials(
        self, known: Sequence[Trial], spec: TuningJobSpec, attempts: Mapping[str, Attempt]
    ) -> list[CoreTrial]:
        return [
            self._cache.core_trial(trial, spec, holds_slot=_holds_slot(trial, attempts))
            for trial in known
        ]


class _Book:
    """The trials of one look, and which of them changed."""

    def __init__(self, known: Sequence[Trial]) -> None:
        self._before = {trial.spec.index: trial for trial in known}
        self._now = dict(self._before)

    @property
    def trials(self) -> tuple[Trial, ...]:
        return tuple(self._now[index] for index in sorted(self._now))

    @property
    def changed(self) -> tuple[Trial, ...]:
        return tuple(t for t in self.trials if t is not self._before.get(t.spec.index))

    def add(self, trial: Trial) -> None:
        self._now[trial.spec.index] = trial

    def at(self, index: int) -> Trial:
        return self._now[index]

    def record(self, trial: Trial, status: TrialStatus) -> None:
        if status != trial.status:
            revision = str(trial.metadata.revision + 1)
            metadata = msgspec.structs.replace(trial.metadata, resource_version=revision)
            self.add(msgspec.structs.replace(trial, metadata=metadata, status=status))


def _decide(world: World, known: Sequence[CoreTrial], now: datetime) -> Decision:
    return planner.decide(
        world.spec,
        known,
        seed=world.status.seed or 0,
        started_at=world.status.start_time or now,
        now=now,
    )


def _apply(
    decision: Decision, world: World, book: _Book, known: Sequence[CoreTrial], now: datetime
) -> None:
    for stop in decision.stop:
        trial = book.at(stop.index)
        status = transitions.stopped_early(trial, stop, world.spec.objective, now=now)
        book.record(trial, status)
    if decision.outcome is not None:
        _end(decision.outcome, world, book, now)
    for promotion in decision.promote:
        trial = book.at(promotion.index)
        book.record(trial, transitions.promoted(trial, promotion, now=now))
    levels = telling_levels(world.spec)
    for suggestion in decision.launch:
        basis = basis_of(known, first=decision.launch[0].index, levels=levels)
        book.add(new_trial(world, suggestion, now, basis=basis))


def _end(outcome: Outcome, world: World, book: _Book, now: datetime) -> None:
    for trial in book.trials:
        if not TrialState(trial.status.state).is_finished:
            status = transitions.stopped(
                trial, outcome.reason, outcome.message, world.spec.objective, now=now
            )
            book.record(trial, status)


def _ends(
    known: Sequence[Trial], attempts: Mapping[str, Attempt], grace: timedelta, now: datetime
) -> tuple[tuple[str, ...], tuple[str, ...], list[datetime]]:
    """Return whom to ask to end, whom to end, and when those that were asked are due."""
    wanted = {t.metadata.name for t in known if t.status.state == TrialState.RUNNING}
    stop, kill, due = [], [], []
    for name, attempt in attempts.items():
        if not attempt.is_alive or name in wanted:
            continue
        if attempt.stopping_since is None:
            stop.append(name)
            due.append(now + grace)
        elif now >= attempt.stopping_since + grace:
            kill.append(name)
        else:
            due.append(attempt.stopping_since + grace)
    return tuple(stop), tuple(kill), due


def _starts(
    known: Sequence[Trial], attempts: Mapping[str, Attempt], room: int
) -> tuple[Start, ...]:
    """Return the attempts to start: waiting trials by index, as long as there is room."""
    found: list[Start] = []
    for trial in known:
        name, attempt = trial.metadata.name, attempts.get(trial.metadata.name)
        if trial.status.state != TrialState.PENDING or (attempt is not None and attempt.is_alive):
            continue
        start = Start(name=name)
        if attempt is not None and trial.status.reason == "Retrying":
            start = replace(
                start,
                failures=attempt.failures + 1,
                series_started_at=attempt.series_started_at,
            )
        found.append(start)
    return tuple(found[: max(room, 0)])


def _holds_slot(trial: Trial, attempts: Mapping[str, Attempt]) -> bool:
    attempt = attempts.get(trial.metadata.name)
    is_idle = TrialState(trial.status.state).is_idle
    return not is_idle or (attempt is not None and attempt.is_alive)
