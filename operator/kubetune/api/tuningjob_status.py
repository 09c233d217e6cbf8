"""TuningJob as the operator answers: `status`. Its size does not grow with the number of trials."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from kubetune.api.model import ApiModel
from kubetune.api.parameters import ParameterValue
from kubetune.api.warm_start import MAX_PARENTS


class Phase(StrEnum):
    """The job in one word, for people; programs read the conditions."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUSPENDED = "Suspended"
    COMPLETE = "Complete"
    FAILED = "Failed"


class ConditionType(StrEnum):
    """The conditions of a TuningJob. Ready, Reconciling and Stalled are those of kstatus."""

    ACCEPTED = "Accepted"
    RUNNING = "Running"
    SUSPENDED = "Suspended"
    COMPLETE = "Complete"
    FAILED = "Failed"
    FINISHED = "Finished"
    DEGRADED = "Degraded"
    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"


class ConditionStatus(StrEnum):
    """Kubernetes' three-valued truth."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(ApiModel):
    """A condition after the Kubernetes API conventions."""

    type: ConditionType = Field(description="What the condition is about.")
    status: ConditionStatus = Field(description="True, False or Unknown.")
    reason: str = Field(max_length=64, description="One CamelCase word for programs.")
    message: str = Field(default="", max_length=4096, description="The same for a person.")
    last_transition_time: datetime = Field(description="When status last changed.")
    observed_generation: int = Field(default=0, description="The generation it was made from.")


class TrialCounts(ApiModel):
    """Number of trials per state, in this run."""

    pending: int = Field(default=0, ge=0, description="Waiting for their pod to start.")
    running: int = Field(default=0, ge=0, description="Training.")
    paused: int = Field(default=0, ge=0, description="Trained to a rung, waiting for promotion.")
    succeeded: int = Field(default=0, ge=0, description="Ended with a value.")
    early_stopped: int = Field(default=0, ge=0, description="Stopped by a rule.")
    failed: int = Field(default=0, ge=0, description="Ended without success.")
    metrics_unavailable: int = Field(default=0, ge=0, description="Ended without a metric.")
    stopped: int = Field(default=0, ge=0, description="Stopped because the job ended.")


class BestTrial(ApiModel):
    """The incumbent."""

    trial: str = Field(description="Name of the Trial.")
    value: float = Field(description="Its objective value.")
    parameters: dict[str, ParameterValue] = Field(description="Its parameters.")
    resource: int | None = Field(default=None, description="The last step that it reported.")


class OverallBest(BestTrial):
    """The best trial of this job and its parents."""

    tuning_job: str = Field(description="The TuningJob that it belongs to.")


class ParentStatus(ApiModel):
    """A parent as it was when the run started; what comes after that does not count."""

    tuning_job: str = Field(description="Its name.")
    uid: str = Field(max_length=64, description="Its UID.")
    run_id: str | None = Field(default=None, max_length=16, description="Its run.")
    trials: int = Field(ge=0, description="Number of its trials that have a value.")


class RungPlan(ApiModel):
    """One rung of the rung table."""

    step: int = Field(description="Steps at which trials are judged.")
    share: str = Field(description="Share of trials that goes on, such as 1/3; 'end' at the top.")


class MaxResourcePlan(ApiModel):
    """The maxResource of Hyperband."""

    steps: int = Field(description="Steps of a trial that is never stopped.")
    found_in: str | None = Field(
        default=None,
        max_length=1024,
        description="The setting of the template that it was taken from; absent if the spec has "
        "maxResource.",
    )


class PlanStatus(ApiModel):
    """What the spec means, said before the first trial."""

    combinations: int | None = Field(
        default=None, description="Number of points of a finite search space; absent if infinite."
    )
    trials: int | None = Field(
        default=None, description="Number of trials at most; absent if open."
    )
    max_resource: MaxResourcePlan | None = Field(
        default=None, description="What the rungs lead up to; Hyperband only."
    )
    rungs: list[RungPlan] = Field(
        default_factory=list,
        max_length=64,
        description="The rung table; Hyperband only.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["step"]},
    )
    max_steps: int | None = Field(
        default=None, description="Steps of all trials if none were stopped; Hyperband only."
    )
    expected_steps: int | None = Field(
        default=None,
        description="About how many steps all trials use if every rung lets exactly its share go "
        "on; Hyperband only.",
    )
    max_gpu_hours: float | None = Field(
        default=None,
        description="GPU-hours at most, as far as the spec bounds them: the least of "
        "limits.maxGpuHours, limits.maxRuntime times maxParallelTrials times the GPUs of a trial, "
        "and trials times activeDeadlineSeconds times those GPUs. Absent without a GPU or a bound.",
    )
    expected_gpu_hours: float | None = Field(
        default=None,
        description="What the rungs leave of maxGpuHours where activeDeadlineSeconds bounds it: "
        "each trial takes all of that time for all of its steps, and every rung lets exactly its "
        "share go on; Hyperband only.",
    )


class GpuHours(ApiModel):
    """GPU-hours of this run. Attempts that still run are counted when they end."""

    used: float = Field(ge=0, description="Used by all attempts of all trials that have ended.")
    saved: float = Field(
        default=0,
        ge=0,
        description="About what the trials that a rule stopped would have used besides: at their "
        "own pace, up to their resource or to the usual last step of trials that succeeded.",
    )


class EndEvidenceStatus(ApiModel):
    """The numbers behind the end of the job, which a person can check."""

    rule: str = Field(max_length=64, description="The rule and its version.")
    measure: str = Field(
        max_length=64, description="What value and threshold are, such as failedTrials."
    )
    value: float = Field(description="What was found.")
    threshold: float = Field(description="The limit that it reached.")
    population: int = Field(ge=0, description="Number of trials that it was found from.")
    trial: str | None = Field(default=None, description="The Trial that reached it, if one did.")


class RunSummary(ApiModel):
    """How an earlier run ended."""

    run_id: str | None = Field(default=None, max_length=16, description="Its spec.runId.")
    phase: Phase = Field(description="Its last phase.")
    reason: str = Field(default="", max_length=64, description="Why it ended.")
    trials: TrialCounts = Field(description="Its trials per state.")
    best: BestTrial | None = Field(default=None, description="Its incumbent.")
    start_time: datetime | None = Field(default=None, description="When it started.")
    completion_time: datetime | None = Field(default=None, description="When it ended.")


class ConvergenceStatus(ApiModel):
    """When the search was first seen to have converged."""

    rule: str = Field(max_length=64, description="The rule and its version.")
    trial: str = Field(description="The Trial after whose end it was first seen.")
    at: datetime | None = Field(default=None, description="When that Trial ended.")
    trials: int = Field(ge=0, description="Number of trials that had succeeded by then.")
    regret: float = Field(
        description="By how much any point may be better than the best known one, at most, as a "
        "model of all results sees both; in the objective's unit, with a probability of 90 % if "
        "the model is right."
    )
    threshold: float = Field(description="What that had to come down to.")


class TuningJobStatus(ApiModel):
    """The answer: where the job stands and what it found."""

    observed_generation: int = Field(
        default=-1,
        description="The generation that this status is about; -1 before the first look.",
    )
    conditions: list[Condition] = Field(
        default_factory=list,
        max_length=16,
        description="The conditions, one per type.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )
    phase: Phase | None = Field(default=None, description="The job in one word.")
    reason: str | None = Field(default=None, max_length=64, description="Why it is in that phase.")
    message: str | None = Field(default=None, max_length=4096, description="The same for a person.")
    progress: str | None = Field(
        default=None,
        max_length=32,
        description='Finished and wanted trials, such as "12/60"; Paused ones count.',
    )
    run_id: str | None = Field(default=None, max_length=16, description="The run it is about.")
    seed: int | None = Field(default=None, description="The seed in use.")
    trials: TrialCounts | None = Field(default=None, description="Trials per state.")
    best: BestTrial | None = Field(default=None, description="The incumbent.")
    overall_best: OverallBest | None = Field(
        default=None,
        description="The best trial of this job and its parents; with warmStart of type "
        "IdenticalDataAndAlgorithm only.",
    )
    warm_start: list[ParentStatus] | None = Field(
        default=None,
        max_length=MAX_PARENTS,
        description="The parents that the run began with.",
        json_schema_extra={
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["tuningJob"],
        },
    )
    plan: PlanStatus | None = Field(default=None, description="What the spec means.")
    evidence: EndEvidenceStatus | None = Field(
        default=None, description="The numbers behind the end of the run; absent before it."
    )
    convergence: ConvergenceStatus | None = Field(
        default=None,
        description="When the search was first seen to have converged, whether or not that ends "
        "the run; with the strategy Bayesian, or with completion.convergence.",
    )
    gpu_hours: GpuHours | None = Field(
        default=None, description="GPU-hours of the run; absent where trials ask for no GPU."
    )
    steps_used: int | None = Field(
        default=None,
        ge=0,
        description="Steps that all trials were trained together; where promoted trials restart, "
        "those that they trained again included.",
    )
    steps_saved: int | None = Field(
        default=None,
        ge=0,
        description="How many steps more it would have been had every trial been trained to its "
        "end; absent where none was stopped early. Without Hyperband a whole trial is as long as "
        "those that Succeeded were in the middle.",
    )
    start_time: datetime | None = Field(default=None, description="When the run started.")
    completion_time: datetime | None = Field(default=None, description="When it ended.")
    previous_runs: list[RunSummary] = Field(
        default_factory=list, max_length=5, description="The runs before, newest first; at most 5."
    )
