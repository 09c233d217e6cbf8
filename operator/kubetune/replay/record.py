"""A trial as it was recorded, and how it stood at each moment of its life.

A trial moves on a few times: it reaches a rung and pauses, leaves it again, and ends. Between two
moves nothing changes but its reports. Where suggestions are made from what running trials have
reported at rungs, passing a rung is a move too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.basis import telling_levels
from kubetune.core.trial import Observation, Trial
from kubetune.kube import objects
from kubetune.record.observations import objective_observations
from kubetune.record.trials import core_trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """What was recorded of a trial at one rung.

    Attributes:
        seen: Its value there; the step is the rung.
        at: When it got there; None if that is not known.
        left_at: When it was promoted or stopped; None while it waits, or if that is not known.
        promotion: The numbers behind its promotion; None if it was not promoted.
    """

    seen: Observation
    at: datetime | None
    left_at: datetime | None
    promotion: Mapping[str, object] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A trial moves on.

    Attributes:
        at: When; None if that is not known.
        trial: As it is from then on, up to the next move.
        reports: True if `Record.seen_at` tells what it has reported by when.
    """

    at: datetime | None
    trial: Trial
    reports: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A trial as it was recorded.

    Attributes:
        trial: As strategies and rules see it now.
        created_at: When the Trial was created; None if that is not known.
        seen_at: When each observation of `trial` was seen, in their order; None if not known.
        basis: What its suggestion was made from; None if that is not known.
        reason: Why it is in its state.
        evidence: The numbers behind its early stop; None without one.
        stays: The rungs at which it was Paused, ascending.
        granted: Steps that it might use at first; None without Hyperband.
        moves: Its life; the first one is its creation.
        begun_anew: True if an attempt was interrupted: what it had reported is not recorded.
    """

    trial: Trial
    created_at: datetime | None
    seen_at: tuple[datetime | None, ...]
    basis: objects.Basis | None
    reason: str
    evidence: Mapping[str, object] | None
    stays: tuple[Stay, ...]
    granted: int | None
    moves: tuple[Move, ...]
    begun_anew: bool

    @property
    def index(self) -> int:
        """The trial's index."""
        return self.trial.index

    @property
    def ends(self) -> int | None:
        """The number of the move by which it finished; None if it has not."""
        return len(self.moves) - 1 if self.trial.state.is_finished else None

    @property
    def rested(self) -> bool:
        """True if it is Paused, or was until it ended."""
        return bool(self.stays) and self.stays[-1].promotion is None

    def unfinished(self, count: int) -> Trial:
        """Return the trial before its end, when it had reported its first `count` observations."""
        trial = self.trial
        return replace(
            trial,
            state=TrialState.PENDING if trial.started_at is None else TrialState.RUNNING,
            observations=trial.observations[:count],
            value=None,
            finished_at=None,
            holds_slot=True,
        )

    def seen_by(self, at: datetime) -> int:
        """Return how many observations had been seen; those of unknown time count."""
        return sum(time is None or time <= at for time in self.seen_at)

    def after(self, move: int, at: datetime) -> Trial:
        """Return the trial after that move, with what of it had been seen at a moment."""
        made = self.moves[move]
        if not made.reports:
            return made.trial
        return replace(made.trial, observations=self.trial.observations[: self.seen_by(at)])


def record_of(trial: objects.Trial, spec: TuningJobSpec) -> Record:
    """Return a Trial as a record."""
    status = trial.status
    metric = spec.objective.metric
    times = {
        observation.step: observation.time
        for observation in status.observations
        if objective_observations([observation], metric)
    }
    core = core_trial(trial, spec, holds_slot=False)
    record = Record(
        trial=core,
        created_at=trial.metadata.creation_timestamp,
        seen_at=tuple(times.get(observation.step) for observation in core.observations),
        basis=trial.spec.basis,
        reason=status.reason,
        evidence=status.evidence,
        stays=tuple(
            Stay(
                seen=Observation(step=rung.step, value=rung.value),
                at=rung.time,
                left_at=rung.left_time,
                promotion=rung.promotion,
            )
            for rung in status.rungs
        ),
        granted=trial.spec.resource,
        moves=(),
        begun_anew=status.attempts > 1 + sum(rung.promotion is not None for rung in status.rungs),
    )
    return replace(record, moves=tuple(_moves(record, telling_levels(spec))))


def _moves(record: Record, levels: Sequence[int]) -> Iterator[Move]:
    """Yield the moves of a trial.

    Args:
        record: The trial; of its moves nothing is known yet.
        levels: Rungs whose passing is a move; none where trials pause.
    """
    stays, trial = record.stays, record.trial
    promoted = stays[:-1] if record.rested else stays
    granted = [record.granted, *(stay.seen.step for stay in stays[1:])]
    if not record.rested:
        granted = [*granted[: len(stays)], trial.resource]
    yield Move(
        at=record.created_at,
        trial=_training(record, 0, granted[0]),
        reports=not stays and not levels,
    )
    for place, stay in enumerate(stays):
        yield Move(at=stay.at, trial=_resting(record, place))
        if place < len(promoted):
            is_last = place + 1 == len(stays)
            yield Move(
                at=stay.left_at,
                trial=_training(record, place + 1, granted[place + 1]),
                reports=is_last,
            )
    yield from _passes(record, levels)
    if trial.state.is_finished:
        yield Move(at=stays[-1].left_at if record.rested else trial.finished_at, trial=trial)


def _passes(record: Record, levels: Sequence[int]) -> Iterator[Move]:
    """Yield the moves by which the trial passed rungs."""
    seen = record.trial.observations
    for level in levels:
        place = next((n for n, each in enumerate(seen) if each.step >= level), None)
        if place is not None:
            told = seen[: place + 1]
            yield Move(at=record.seen_at[place], trial=_training(record, 0, record.granted, told))


def _training(
    record: Record, rungs: int, resource: int | None, observations: tuple[Observation, ...] = ()
) -> Trial:
    """Return the trial on its way from the last of so many rungs."""
    return replace(
        record.unfinished(0),
        resource=resource,
        observations=observations,
        rungs=tuple(stay.seen for stay in record.stays[:rungs]),
    )


def _resting(record: Record, place: int) -> Trial:
    """Return the trial while it is Paused at one of its rungs."""
    is_last = record.rested and place + 1 == len(record.stays)
    stay = record.stays[place]
    return replace(
        record.trial,
        state=TrialState.PAUSED,
        observations=record.trial.observations if is_last else (),
        rungs=tuple(each.seen for each in record.stays[: place + 1]),
        value=stay.seen.value,
        resource=stay.seen.step,
        finished_at=stay.at,
        holds_slot=False,
    )
