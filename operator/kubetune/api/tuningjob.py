"""TuningJob as a user writes it: `spec`. What the operator answers is in api.tuningjob_status."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from kubetune.api.checkpoint import CheckpointSpec
from kubetune.api.durations import Duration
from kubetune.api.job_template import JobTemplateCheck
from kubetune.api.model import ApiModel
from kubetune.api.parameters import ParameterSpec
from kubetune.api.strategy import EarlyStoppingSpec, StrategySpec
from kubetune.api.warm_start import WarmStartSpec

MetricName = Annotated[str, Field(min_length=1, max_length=63)]


class Goal(StrEnum):
    """Which direction of the objective metric is better."""

    MAXIMIZE = "Maximize"
    MINIMIZE = "Minimize"


class FinalValue(StrEnum):
    """Which observation is a trial's final value."""

    LAST = "Last"
    BEST = "Best"


class ObjectiveSpec(ApiModel):
    """What is optimised."""

    metric: MetricName = Field(
        description="Name of the objective metric, as the training code reports it."
    )
    goal: Goal = Field(description="Maximize or Minimize.")
    value: FinalValue = Field(
        default=FinalValue.LAST,
        description="Which observation is a trial's value: Last, or the Best of all its steps.",
    )
    additional_metrics: list[MetricName] = Field(
        default=[],
        max_length=10,
        description="Further metrics to record; they are not optimised.",
    )


class LimitsSpec(ApiModel):
    """What the whole job may use. May be changed while the job runs."""

    max_trials: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="Number of trials after which the job is complete. Failed trials count. "
        "Optional with Grid, where it must equal the number of combinations.",
    )
    max_parallel_trials: int = Field(
        default=1,
        ge=1,
        le=1_000,
        description="Number of trials that run at the same time, at most.",
    )
    max_failed_trials: int | None = Field(
        default=None,
        ge=0,
        le=100_000,
        description="The job fails when more trials than this have failed or reported no metric. "
        "Absent: no such limit.",
    )
    max_initial_failures: int = Field(
        default=5,
        ge=0,
        le=100_000,
        description="The job fails when its first trials fail this many times in a row without a "
        "single success: a broken image or command should not cost maxTrials. 0: never.",
    )
    max_runtime: Duration | None = Field(
        default=None,
        description="The job ends this long after its start, time spent suspended included. A "
        "duration such as 90s, 45m or 1h30m.",
    )
    max_gpu_hours: float | None = Field(
        default=None,
        gt=0,
        le=1e9,
        description="The job ends when its trials have used this many GPU-hours: the time of each "
        "training container times the GPUs of its Job (nvidia.com/gpu, amd.com/gpu and other "
        "resources named */gpu, of all containers and of all pods that run at a time). Attempts "
        "that were interrupted and trials that were stopped count; waiting does not. Fractions "
        "are allowed. Refused where the template asks for no GPU.",
    )
    max_pending_time: Duration = Field(
        default="1h",
        description="A trial whose pod could not be scheduled or started for this long fails, and "
        "so does one whose Job is refused, by a quota for example. After a disruption it counts "
        "anew. An image that cannot be pulled or a container that cannot be created fails the "
        "trial after two minutes, or sooner if this is shorter. Time that a queue such as Kueue "
        "holds the Job suspended does not count.",
    )


class NotImprovingSpec(ApiModel):
    """Ends a job whose best value does not get better any more."""

    trials: int = Field(
        ge=1,
        le=100_000,
        description="Number of trials in a row that ended with a value, none of which improved the "
        "best one of the trials that Succeeded. Trials that a rule stopped count, and so does one "
        "that is Paused while it is not among the best of its rung; one that waits for the others "
        "of its rung, or is to be promoted, does not.",
    )
    tolerance: float = Field(
        default=0.01,
        ge=0,
        lt=1,
        description="Share of the best value's size by which a trial must be better to count as an "
        "improvement; 0.01 is one per cent.",
    )


class CompletionSpec(ApiModel):
    """When the job has found enough. Any one ends it. May be changed while the job runs."""

    target: float | None = Field(
        default=None,
        ge=-1e18,
        le=1e18,
        description="The job is complete when the best trial's value (status.best) is at least "
        "this good.",
    )
    not_improving: NotImprovingSpec | None = Field(
        default=None, description="The job is complete when the best value stops improving."
    )
    convergence: bool = Field(
        default=False,
        description="true: the job is complete when the search has converged, that is when a model "
        "of all results expects no point to be better than the best known one by more than the "
        "noise of one value, or than 5 % of the spread of the first ones. It has to find so at "
        "three checks in a row, the first after 10 + 5 * parameters trials that succeeded, "
        "the last after 500. false: with the strategy Bayesian it is still told in "
        "status.convergence. Does not replace a limit: a search may never converge.",
    )


class MetricsSource(StrEnum):
    """Where metrics come from."""

    STDOUT = "Stdout"
    FILE = "File"
    ANNOTATION = "Annotation"


class MetricPattern(ApiModel):
    """A regular expression that finds one metric in a line."""

    metric: MetricName = Field(
        description="The metric that the expression finds: one of the objective's."
    )
    regex: str = Field(
        min_length=1,
        max_length=256,
        description="Regular expression searched in each line, with a named group (?P<value>...) "
        "and optionally (?P<step>...). The syntax that RE2 and Python share: these groups, (...) "
        "and (?:...), classes, | and the quantifiers; no look-around, no back-references; "
        "{, [ and the other special characters are escaped by a backslash to stand for themselves; "
        "(?i) at the very start ignores case.",
    )


class MetricsSpec(ApiModel):
    """How the training code's metrics are collected."""

    source: MetricsSource = Field(
        default=MetricsSource.STDOUT,
        description="Stdout: a sidecar reads the training container's log. File: a sidecar reads "
        "the file at path. Annotation: the training code sets the annotation kubetune.dev/metrics "
        "on its own pod; no sidecar.",
    )
    container: str | None = Field(
        default=None,
        min_length=1,
        max_length=63,
        description="The training container. Absent: the first container of the template. "
        "Of a Job with completionMode Indexed, that of the pod with completion index 0 reports for "
        "the trial; a Job with several pods must be Indexed.",
    )
    path: str | None = Field(
        default=None,
        min_length=2,
        max_length=253,
        description="Absolute path of the metrics file in the training container. Its directory, "
        "which can't be /, becomes a volume shared with the sidecar. Required with, and only with, "
        "source File.",
    )
    patterns: list[MetricPattern] = Field(
        default=[],
        max_length=20,
        description="Regular expressions that find metrics. Absent: name=value or name: value "
        "pairs with an optional step= or epoch=, or lines that are JSON objects with those keys. "
        "After the first name=value or JSON object, name: value does not count. Not with source "
        "Annotation.",
    )


class TrialTemplateSpec(ApiModel):
    """What a trial runs."""

    template: Annotated[dict[str, Any], JobTemplateCheck] = Field(
        description="A batch/v1 JobTemplateSpec. Any string in it may hold $(params.NAME), "
        "$(trial.name), $(trial.index) and $(trial.resource); a value that is only a parameter's "
        "placeholder takes the parameter's own type where Kubernetes does not want text. Every "
        "parameter must be used; code in the image that reads KUBETUNE_PARAMETERS (all as JSON) or "
        "KUBETUNE_PARAM_<NAME> by itself is announced by that word in an annotation. Checked by a "
        "server-side dry run before the first trial."
    )


class RetentionSpec(ApiModel):
    """How long finished things stay. May be changed; applies to Jobs created afterwards."""

    jobs: Duration = Field(
        default="1h",
        description="How long a finished trial's Job and pods (with their logs) stay. The Trial "
        "itself stays with its TuningJob. ttlSecondsAfterFinished in the template has precedence.",
    )


class InitialTrialSpec(ApiModel):
    """A point that the user wants tried."""

    parameters: dict[str, Any] = Field(
        max_length=50,
        description="Values by parameter's name, each one that the parameter may take. Parameters "
        "that are left out are drawn at random.",
    )


class TuningJobSpec(ApiModel):
    """The wish: what to tune, how, within which limits."""

    objective: ObjectiveSpec = Field(description="What is optimised.")
    parameters: list[ParameterSpec] = Field(
        min_length=1,
        max_length=50,
        description="The search space: the tuned inputs.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
    )
    strategy: StrategySpec = Field(description="How the search space is searched.")
    initial_trials: list[InitialTrialSpec] = Field(
        default=[],
        max_length=100,
        description="What to try first, in this order: the first is trial 0. Such as the values in "
        "use today, which the search then has to beat. With every strategy; Grid tries the other "
        "combinations afterwards. Checked against parameters before the first trial; none may "
        "stand there twice.",
        json_schema_extra={"x-kubernetes-list-type": "atomic"},
    )
    warm_start: WarmStartSpec | None = Field(
        default=None,
        description="Finished TuningJobs to begin with the results of. Not with Grid, which tries "
        "every combination anyway.",
    )
    early_stopping: EarlyStoppingSpec | None = Field(
        default=None, description="Stops trials that will not win. Absent: Off."
    )
    limits: LimitsSpec = Field(
        default_factory=LimitsSpec, description="What the whole job may use. May be changed."
    )
    completion: CompletionSpec | None = Field(
        default=None, description="When the job has found enough. May be changed."
    )
    metrics: MetricsSpec = Field(
        default_factory=MetricsSpec, description="How metrics are collected."
    )
    trial: TrialTemplateSpec = Field(description="What a trial runs.")
    checkpoint: CheckpointSpec | None = Field(
        default=None,
        description="A volume on which a trial keeps its progress for its next attempt: after a "
        "promotion, a suspension or a disruption. The training code is told the directory in "
        "KUBETUNE_CHECKPOINT_DIR, and in KUBETUNE_RESUME_FROM the step that an earlier attempt has "
        "trained to for certain, 0 if none has. Absent: every attempt begins anew.",
    )
    suspend: bool = Field(
        default=False,
        description="true: the Jobs of running trials are deleted and no new ones start; finished "
        "trials keep their results. Back to false: the interrupted trials run again with the same "
        "parameters, from their beginning or from their checkpoint. May be changed.",
    )
    stop: bool = Field(
        default=False,
        description="true ends the job for good: running trials are stopped and the job is "
        "Complete with reason StoppedByUser and the best result so far. May be changed from false "
        "to true.",
    )
    run_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=16,
        description="Changing it starts a new run with the spec as it is then. Trials and results "
        "of the runs before stay readable.",
    )
    retention: RetentionSpec = Field(
        default_factory=RetentionSpec, description="How long finished things stay. May be changed."
    )
    best_parameters_config_map: str | None = Field(
        default=None,
        min_length=1,
        max_length=46,
        description="Name of a ConfigMap that is made when the job is Complete, for what comes "
        "next: a key for each of the best parameters, and parameters.json with all of them. It is "
        "owned by the TuningJob. With a runId, a dash and the runId are appended to the name. One "
        "that exists already is left as it is. May be changed.",
    )
