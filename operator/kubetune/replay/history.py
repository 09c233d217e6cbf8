"""A job as it was recorded, and the worlds that its decisions may have seen.

Times are recorded in whole seconds, and what is reported is seen a few seconds later. So a decision
made at a moment may have seen what happened just before it, or not: each such event is open. A
world is the trials as they stood then, for one choice of what had been seen.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import combinations

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.tuningjob_status import ParentStatus
from kubetune.core.trial import Trial
from kubetune.core.warm_start import ParentRun, make_parent
from kubetune.kube import objects
from kubetune.record.observations import objective_observations
from kubetune.record.trials import core_trial

BEFORE = timedelta(seconds=15)
"""How long before a record its decision may lie, less what is seen late: a report waits 5 s in the
collector, a suggestion takes seconds where a surrogate thinks."""

AFTER = timedelta(seconds=1)
"""How long after it: recorded times are whole seconds."""

_WIDTHS = tuple(timedelta(seconds=seconds) for seconds in (0, 2, 5, 15))


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
    """

    trial: Trial
    created_at: datetime | None
    seen_at: tuple[datetime | None, ...]
    basis: objects.Basis | None
    reason: str
    evidence: Mapping[str, object] | None

    @property
    def index(self) -> int:
        """The trial's index."""
        return self.trial.index

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


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a job ended: whether good, and the recorded reason and message."""

    failed: bool
    reason: str
    message: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A job with the trials of its present run.

    Attributes:
        name: Name of the TuningJob.
        spec: Its spec as it is now.
        generation: How often the spec was written; 1 if it was never changed.
        seed: Seed of the run.
        started_at: Start of the run.
        records: Its trials, by index ascending.
        end: How it ended; None while it goes on.
        best: Name of the trial that status.best names; None if none.
        parents: What it took over.
        lost: Names of parents whose results are not all there any more, or were not given.
    """

    name: str
    spec: TuningJobSpec
    generation: int
    seed: int
    started_at: datetime
    records: tuple[Record, ...]
    end: End | None
    best: str | None
    parents: tuple[ParentRun, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def missing(self) -> list[int]:
        """Indices below the greatest one that no trial has."""
        there = {record.index for record in self.records}
        return [index for index in range(max(there, default=-1)) if index not in there]


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
    return Record(
        trial=core,
        created_at=trial.metadata.creation_timestamp,
        seen_at=tuple(times.get(observation.step) for observation in core.observations),
        basis=trial.spec.basis,
        reason=status.reason,
        evidence=status.evidence,
    )


def parent_of(
    spec: TuningJobSpec, noted: ParentStatus, trials: Iterable[objects.Trial]
) -> ParentRun:
    """Return what a job took over from a parent.

    Args:
        spec: The job's spec.
        noted: The parent as it was noted when the job started.
        trials: Trials, those of other jobs among them.
    """
    own = [
        Trial(
            index=trial.spec.index,
            name=trial.metadata.name,
            # As they are: the parent may tune what this job does not.
            parameters=trial.spec.parameters,
            state=TrialState(trial.status.state),
            value=trial.status.value,
        )
        for trial in trials
        if trial.spec.run_id == noted.run_id
        and trial.metadata.controller is not None
        and trial.metadata.controller.uid == noted.uid
    ]
    return make_parent(spec, noted.tuning_job, own)


def open_ends(
    records: Iterable[Record], at: datetime
) -> tuple[set[int], list[tuple[datetime, int]]]:
    """Return which trials had certainly finished at a moment, and which perhaps, oldest first."""
    ended = [(r.trial.finished_at, r.index) for r in records if r.trial.finished_at is not None]
    certain = {index for moment, index in ended if moment < at - BEFORE}
    perhaps = sorted((m, index) for m, index in ended if at - BEFORE <= m <= at + AFTER)
    return certain, perhaps


def choices(
    certain: Collection[int],
    perhaps: Sequence[tuple[datetime, int]],
    *,
    count: int | None = None,
) -> Iterator[frozenset[int]]:
    """Yield the sets of trials that may have finished, the likeliest first.

    Those are the first ones in the order of time; which of one second came first is open. After
    that ends that lie two, five and fifteen seconds apart may have been seen in another order.

    Args:
        certain: Trials that had.
        perhaps: Those that may have, with their ends, oldest first.
        count: How many there were in all; None if that is not known.
    """
    sizes = range(len(perhaps), -1, -1) if count is None else [count - len(certain)]
    seen = set()
    for width in _WIDTHS:
        for size in sizes:
            for some in _of_size(perhaps, size, width):
                chosen = frozenset({*certain, *some})
                if chosen not in seen:
                    seen.add(chosen)
                    yield chosen


def _of_size(
    perhaps: Sequence[tuple[datetime, int]], size: int, width: timedelta
) -> Iterator[tuple[int, ...]]:
    """Yield sets of that size in which only ends within `width` have changed places."""
    if not 0 <= size <= len(perhaps):
        return
    edge = perhaps[size - 1][0] if size else perhaps[0][0] - width * 2 if perhaps else None
    if edge is None:
        yield ()
        return
    sure = tuple(index for moment, index in perhaps if moment < edge - width)
    free = [index for moment, index in perhaps if edge - width <= moment <= edge + width]
    for some in combinations(free, max(size - len(sure), 0)):
        yield (*sure, *some)


def world(
    records: Iterable[Record], finished: Collection[int], counts: Mapping[int, int]
) -> list[Trial]:
    """Return the trials as they stood.

    Args:
        records: The trials that existed.
        finished: Which of them had finished.
        counts: How many observations of each of the others had been seen; absent: none.
    """
    return [
        record.trial if record.index in finished else record.unfinished(counts.get(record.index, 0))
        for record in records
    ]


def counts_at(records: Iterable[Record], at: datetime) -> dict[int, int]:
    """Return how many observations of each trial had been seen at a moment."""
    return {record.index: record.seen_by(at) for record in records}
