"""How the search space is searched and when a trial that will not win is stopped."""

from enum import StrEnum

from pydantic import Field

from kubetune.api.model import ApiModel


class StrategyType(StrEnum):
    """The search strategies. Each is one file in kubetune.search and one line in its registry."""

    GRID = "Grid"
    RANDOM = "Random"
    BAYESIAN = "Bayesian"
    HYPERBAND = "Hyperband"


class Sequence(StrEnum):
    """Where random points come from."""

    PSEUDORANDOM = "Pseudorandom"
    QUASIRANDOM = "Quasirandom"


class RandomSettings(ApiModel):
    """Settings of Random search."""

    sequence: Sequence = Field(
        default=Sequence.PSEUDORANDOM,
        description="Pseudorandom: independent points. Quasirandom: points of a scrambled Halton "
        "sequence, which cover the space more evenly.",
    )


class HyperbandSettings(ApiModel):
    """Settings of Hyperband, in its asynchronous stopping form."""

    min_resource: int = Field(
        default=1,
        ge=1,
        le=1_000_000,
        description="Steps (epochs) that every trial gets before it can be stopped: the first rung "
        "of the first bracket.",
    )
    max_resource: int = Field(
        ge=2,
        le=1_000_000,
        description="Steps (epochs) that a trial which is never stopped gets. The template reads "
        "it as $(trial.resource).",
    )
    reduction_factor: int = Field(
        default=3,
        ge=2,
        le=100,
        description="At each rung the best 1/reductionFactor of the trials go on.",
    )
    brackets: int = Field(
        default=1,
        ge=1,
        le=10,
        description="Number of brackets. Bracket b starts at rung b, so its trials are first "
        "judged later; several brackets protect slow starters. At most the number of rungs.",
    )


class StrategySpec(ApiModel):
    """Which strategy suggests the trials, and its settings."""

    type: StrategyType = Field(
        description="Grid: every combination once. Random: independent points. Bayesian: "
        "points where a model of the trials so far expects the largest improvement, after a start "
        "that fills the space evenly. Hyperband: random points, of which the worse ones are "
        "stopped at rungs (asynchronous successive halving)."
    )
    seed: int | None = Field(
        default=None,
        ge=0,
        le=2_147_483_647,
        description="Seed of all randomness. Absent: drawn once and stored in status.seed.",
    )
    random: RandomSettings | None = Field(
        default=None, description="Settings of Random; only with type Random."
    )
    hyperband: HyperbandSettings | None = Field(
        default=None, description="Settings of Hyperband; required with, and only with, it."
    )


class EarlyStoppingType(StrEnum):
    """Which rule stops trials early."""

    OFF = "Off"
    AUTO = "Auto"


class MedianCompare(StrEnum):
    """What of a running trial the median rule compares."""

    CURRENT = "Current"
    BEST = "Best"
    RUNNING_AVERAGE = "RunningAverage"


class MedianSettings(ApiModel):
    """Guards of the median rule, and what it compares."""

    min_trials: int = Field(
        default=3,
        ge=0,
        le=100_000,
        description="Number of trials that must have succeeded, and reported by the same step, "
        "before any trial is stopped. The median of one or two says little. 0 is the same as 1: "
        "without a completed trial there is no median.",
    )
    min_step: int = Field(
        default=4,
        ge=0,
        le=1_000_000_000,
        description="Step (epoch) from which on a trial may be stopped, this one included. At the "
        "first step the median would stop half of the trials, whatever they would come to. Raise "
        "it for a slow start or a warm-up, or where steps are batches; 0: from the first report "
        "on.",
    )
    compare: MedianCompare | None = Field(
        default=None,
        description="What is compared with the median of the running averages. Current: the value "
        "at the trial's last step, as Amazon SageMaker does. Best: the best value so far, which "
        "forgives dips. RunningAverage: the trial's own running average, like with like. Absent: "
        "Current, or Best where spec.objective.value is Best.",
    )


class EarlyStoppingSpec(ApiModel):
    """Early stopping for strategies that do not stop trials themselves."""

    type: EarlyStoppingType = Field(
        default=EarlyStoppingType.OFF,
        description="Off: every trial runs to its end. Auto: the median rule stops a running trial "
        "whose objective is worse than the median of the running averages of completed trials at "
        "the same step. Must be Off with Hyperband, which stops trials itself.",
    )
    median: MedianSettings | None = Field(
        default=None, description="Settings of the median rule; only with type Auto."
    )
