"""A job as it was recorded."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.tuningjob_status import ParentStatus
from kubetune.core.trial import Trial
from kubetune.core.warm_start import ParentRun, make_parent
from kubetune.kube import objects
from kubetune.replay.record import Record


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
