"""One TuningJob with the trials of its present run, at one moment, and what follows from them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from kubetune.cli.objects import Best, Trial, TuningJob

UNFINISHED = ("Pending", "Running", "Paused")
STATES = (
    "Pending",
    "Running",
    "Paused",
    "Succeeded",
    "EarlyStopped",
    "Failed",
    "MetricsUnavailable",
    "Stopped",
)

MINIMUM_FOR_ESTIMATE = 3
"""Finished trials before the time that is left is estimated; two say little of a random search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Savings:
    """What early stopping saved, in steps, as the status has it.

    Attributes:
        stopped: Number of trials that a rule stopped.
        used: Steps that all trials were trained together.
        whole: Steps that it would have been had none been stopped early.
        exact: False when the length of a whole trial is taken from those that succeeded.
    """

    stopped: int
    used: int
    whole: int
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the table, the lines and the summary are made from.

    Attributes:
        job: The TuningJob.
        trials: The trials of the job's present run, by index, ascending.
    """

    job: TuningJob
    trials: tuple[Trial, ...]

    @classmethod
    def of(cls, job: TuningJob, trials: Iterable[Trial]) -> Self:
        """The snapshot; trials of earlier runs, and of a deleted job of that name, are left out."""
        own = (trial for trial in trials if _belongs(trial, job))
        return cls(job=job, trials=tuple(sorted(own, key=_order)))

    @property
    def counts(self) -> Counter[str]:
        """Number of trials by state; 0 for a state that no trial is in."""
        return Counter(trial.status.state for trial in self.trials)

    @property
    def finished(self) -> int:
        """Number of trials that have ended, in whatever way."""
        return sum(trial.status.state not in UNFINISHED for trial in self.trials)

    @property
    def best(self) -> Best | None:
        """The incumbent as the trials have it: the job's status may be 10 s behind them."""
        succeeded = [t for t in self.trials if t.status.state == "Succeeded"]
        if self.job.has_ended or not succeeded:
            return self.job.status.best
        sign = 1.0 if self.job.spec.objective.goal == "Maximize" else -1.0
        scores = [
            (sign * t.status.value, -t.spec.index, t)
            for t in succeeded
            if t.status.value is not None
        ]
        if not scores:
            return self.job.status.best
        _, _, first = max(scores, key=lambda score: score[:2])
        return Best(
            trial=first.metadata.name,
            value=first.status.value or 0.0,
            parameters=first.spec.parameters,
            resource=first.last_step,
        )

    @property
    def wanted(self) -> int | None:
        """Number of trials that the job makes at most; None if it is open."""
        plan = self.job.status.plan
        if plan is not None and plan.trials is not None:
            return plan.trials
        return self.job.spec.limits.max_trials

    def elapsed(self, now: datetime) -> timedelta | None:
        """Time since the run started, until it ended or now; None before the start."""
        start = self.job.status.start_time
        if start is None:
            return None
        return max((self.job.status.completion_time or now) - start, timedelta())

    def left(self, now: datetime) -> timedelta | None:
        """Estimate of the time to the end, at the pace so far; None while it would be a guess."""
        elapsed = self.elapsed(now)
        waits = self.job.spec.suspend or self.job.has_ended
        if self.wanted is None or elapsed is None or waits:
            return None
        if not MINIMUM_FOR_ESTIMATE <= self.finished < self.wanted:
            return None
        return elapsed / self.finished * (self.wanted - self.finished)

    @property
    def savings(self) -> Savings | None:
        """What early stopping saved; None if it stopped none, or it cannot be told."""
        status, stopped = self.job.status, self.counts["EarlyStopped"]
        if not stopped or status.steps_saved is None or status.steps_used is None:
            return None
        return Savings(
            stopped=stopped,
            used=status.steps_used,
            whole=status.steps_used + status.steps_saved,
            exact=status.plan is not None and bool(status.plan.rungs),
        )


def _belongs(trial: Trial, job: TuningJob) -> bool:
    owner = trial.metadata.controller
    ours = owner is None or owner.uid == job.metadata.uid
    return ours and trial.spec.run_id == job.status.run_id


def _order(trial: Trial) -> tuple[int, str]:
    return trial.spec.index, trial.metadata.name
