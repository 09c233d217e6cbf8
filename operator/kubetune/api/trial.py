"""Trial: one point of the search space, owned by its TuningJob and owner of its Job."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from kubetune.api.model import ApiModel
from kubetune.api.parameters import ParameterValue


class TrialState(StrEnum):
    """Where a trial stands.

    Pending ─► Running ─► Succeeded
     ▲ ▲  │       ├─────► EarlyStopped        by rule, with evidence
     │ │  │       ├─────► Failed
     │ │  │       ├─────► MetricsUnavailable  it ended, but never reported the objective
     │ │  └───────┼─────► Stopped             the job ended or was stopped by the user
     │ └──────────┤ suspend, resume
     └── Paused ◄─┘ trained to its rung; promoted, or EarlyStopped when that can come no more
    """

    PENDING = "Pending"
    RUNNING = "Running"
    PAUSED = "Paused"
    SUCCEEDED = "Succeeded"
    EARLY_STOPPED = "EarlyStopped"
    FAILED = "Failed"
    METRICS_UNAVAILABLE = "MetricsUnavailable"
    STOPPED = "Stopped"

    @property
    def is_finished(self) -> bool:
        """True for every state that a trial never leaves."""
        return self not in (TrialState.PENDING, TrialState.RUNNING, TrialState.PAUSED)

    @property
    def is_idle(self) -> bool:
        """True while nothing of the trial needs to run: it is finished, or waits at a rung."""
        return self.is_finished or self is TrialState.PAUSED


class BasisSpec(ApiModel):
    """What a suggestion was made from, so that it can be checked later."""

    first: int = Field(
        ge=0, description="Index of the first trial that was suggested in the same decision."
    )
    finished: int = Field(ge=0, description="Number of trials that had finished by then.")
    digest: str = Field(
        max_length=64,
        description="Hash of the trials that existed, of the rungs that they had reached and of "
        "the values of the finished ones.",
    )


class TrialSpec(ApiModel):
    """What a trial is. Written once by the operator, never changed."""

    tuning_job: str = Field(
        min_length=1, max_length=63, description="Name of the TuningJob that it belongs to."
    )
    index: int = Field(ge=0, description="Number of the trial within its run, from 0.")
    parameters: dict[str, ParameterValue] = Field(
        max_length=50, description="The point of the search space: value by parameter's name."
    )
    resource: int | None = Field(
        default=None,
        ge=1,
        description="Steps that the trial may use at first; Hyperband only. Promotions raise them, "
        "see status.resource.",
    )
    bracket: int | None = Field(
        default=None,
        ge=0,
        description="The bracket of the trial; Hyperband only. With mode Synchronous brackets are "
        "numbered on and on.",
    )
    run_id: str | None = Field(default=None, max_length=16, description="The run it belongs to.")
    reason: str | None = Field(
        default=None, max_length=512, description="Why this point is tried, for a person."
    )
    basis: BasisSpec | None = Field(
        default=None,
        description="What the suggestion was made from; kubetune replay checks it by this.",
    )


class ObservationStatus(ApiModel):
    """The metrics that a trial reported at one step."""

    step: int = Field(ge=0, description="The step (epoch) as reported, or counted from 1.")
    time: datetime | None = Field(default=None, description="When it was seen.")
    metrics: dict[str, float] = Field(
        default_factory=dict, description="Finite values by metric name."
    )
    non_finite: dict[str, str] = Field(
        default_factory=dict,
        description="Metrics whose value was NaN, Infinity or -Infinity, with that word.",
    )


class EvidenceStatus(ApiModel):
    """Why a rule stopped the trial, in numbers that a person can check."""

    rule: str = Field(description="The rule and its version.")
    step: int = Field(description="The rung or step at which the trial was judged.")
    value: float = Field(description="The trial's objective there.")
    threshold: float = Field(description="The value that it had to reach.")
    population: int = Field(
        description="Number of trials that it was compared with, itself included."
    )


class AttemptStatus(ApiModel):
    """An attempt that ended before its trial did."""

    start_time: datetime | None = Field(
        default=None, description="When its training container started."
    )
    end_time: datetime | None = Field(
        default=None, description="When it ended; while Paused, when it reached its rung."
    )
    reason: str | None = Field(
        default=None, max_length=64, description="What came after it, such as Disrupted."
    )
    step: int | None = Field(default=None, description="The last step that it reported.")


class RungStatus(ApiModel):
    """What a trial reached at one rung, and by what it was promoted from there."""

    step: int = Field(ge=1, description="The rung: the steps to which the trial was trained.")
    value: float = Field(description="The objective there.")
    time: datetime | None = Field(
        default=None, description="When it had been trained to there; it was Paused from then on."
    )
    left_time: datetime | None = Field(
        default=None,
        description="Until when it was Paused there: it was promoted then, or ended; absent while "
        "it waits.",
    )
    promotion: EvidenceStatus | None = Field(
        default=None, description="Why it was promoted from there; absent if it was not."
    )


class TrialStatus(ApiModel):
    """What became of a trial."""

    state: TrialState = Field(default=TrialState.PENDING, description="Where the trial stands.")
    reason: str | None = Field(
        default=None, max_length=64, description="One CamelCase word that says why it is there."
    )
    message: str | None = Field(
        default=None, max_length=4096, description="The same for a person, with the remedy."
    )
    attempts: int = Field(
        default=0, ge=0, description="Number of Jobs' pods that were started for it."
    )
    value: float | None = Field(default=None, description="The objective's final value.")
    step: int | None = Field(default=None, description="The last step that it reported.")
    observations: list[ObservationStatus] = Field(
        default_factory=list,
        max_length=256,
        description="What it reported, by step; thinned to a bounded number, rungs always kept.",
    )
    evidence: EvidenceStatus | None = Field(
        default=None, description="Why a rule stopped it; EarlyStopped only."
    )
    gpu_seconds: float | None = Field(
        default=None,
        ge=0,
        description="GPUs times seconds of all attempts that have ended, the last one included "
        "when the trial has; absent without a GPU.",
    )
    earlier_attempts: list[AttemptStatus] = Field(
        default_factory=list,
        max_length=10,
        description="The attempts before the present or last one, oldest first; the last ten.",
    )
    resource: int | None = Field(
        default=None,
        ge=1,
        description="Steps that it may use by now; absent before its first promotion.",
    )
    rungs: list[RungStatus] = Field(
        default_factory=list,
        max_length=64,
        description="The rungs to which it was trained, ascending; modes Promotion and Synchronous "
        "only. They stay as they are whatever becomes of the trial.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["step"]},
    )
    job_uid: str | None = Field(
        default=None, max_length=64, description="UID of the Job of the present attempt."
    )
    refused_since: datetime | None = Field(
        default=None,
        description="Since when the API server refuses its Job; absent while it does not.",
    )
    start_time: datetime | None = Field(
        default=None,
        description="When the training container of its present or last attempt started.",
    )
    completion_time: datetime | None = Field(
        default=None, description="When it ended; while Paused, when it reached its rung."
    )
