"""How the search space is searched and when a trial that will not win is stopped."""

from enum import StrEnum

from pydantic import Field

from kubetune.api.model import ApiModel
from kubetune.errors import SpecError


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


class HyperbandMode(StrEnum):
    """What becomes of a trial at a rung."""

    STOPPING = "Stopping"
    PROMOTION = "Promotion"
    SYNCHRONOUS = "Synchronous"

    @property
    def pauses(self) -> bool:
        """True if a trial ends at its rung and waits there for its promotion."""
        return self is not HyperbandMode.STOPPING


class HyperbandSearch(StrEnum):
    """Where Hyperband's points come from."""

    RANDOM = "Random"
    BAYESIAN = "Bayesian"


class HyperbandSettings(ApiModel):
    """Settings of Hyperband."""

    mode: HyperbandMode = Field(
        default=HyperbandMode.STOPPING,
        description="Stopping: a trial runs towards maxResource and is stopped at the first rung "
        "where it is not among the best; needs no checkpoint. Promotion: a trial trains to its "
        "rung, $(trial.resource), ends and is Paused; as soon as it is among the best there, it is "
        "promoted and trains on to the next rung (asynchronous successive halving). Synchronous: "
        "the same in brackets of a fixed size, as in the original Hyperband: a rung is decided "
        "when all of its trials have ended; meanwhile the next bracket begins. Promotion and "
        "Synchronous need spec.checkpoint, or restartPromoted.",
    )
    search: HyperbandSearch = Field(
        default=HyperbandSearch.RANDOM,
        description="Where the points come from. Random: independent points, as in the original "
        "Hyperband. Bayesian: points where a model expects the largest improvement; it learns from "
        "the highest rung that enough trials have reached.",
    )
    restart_promoted: bool = Field(
        default=False,
        description="true: a promoted trial trains again from its beginning, because the training "
        "code keeps no checkpoint. That costs about 1.5 times the steps with a reductionFactor of "
        "3. Only with mode Promotion or Synchronous, and only without spec.checkpoint.",
    )

    min_resource: int = Field(
        default=1,
        ge=1,
        le=1_000_000,
        description="Steps (epochs) that every trial gets before it can be stopped: the first rung "
        "of the first bracket.",
    )
    max_resource: int | None = Field(
        default=None,
        ge=2,
        le=1_000_000,
        description="Steps (epochs) that a trial which is never stopped gets. The template reads "
        "it as $(trial.resource). Absent: taken from the training container, from an argument such "
        "as --epochs=81 or --epochs 81, or an environment variable such as EPOCHS; whatever the "
        "case and with - or _ it may be called epochs, max-epochs, num-epochs, n-epochs, "
        "nb-epochs, total-epochs, train-epochs, num-train-epochs or KUBETUNE_MAX_RESOURCE. It must "
        "be one whole number for all trials, in the steps that the training reports. "
        "status.plan.maxResource says what was found and where; if nothing was, or several that "
        "disagree, the job is not accepted.",
    )
    reduction_factor: int = Field(
        default=3,
        ge=2,
        le=100,
        description="At each rung the best 1/reductionFactor of the trials go on.",
    )
    brackets: int | None = Field(
        default=None,
        ge=1,
        le=10,
        description="Number of brackets, at most the number of rungs. Bracket b starts at rung b, "
        "so its trials are first judged later; several brackets protect slow starters. With mode "
        "Synchronous the brackets come one after the other, and then again from the first. Absent: "
        "as many as there are rungs. Trials of the last one then train to the end like random "
        "search; where they show that the values at a rung foretell nothing, everybody passes it, "
        "or with Synchronous no bracket begins that goes through it.",
    )

    @property
    def top(self) -> int:
        """R, the steps of a trial that is never stopped.

        Raises:
            SpecError: it is not set, and was not found in the template either.
        """
        if self.max_resource is None:
            raise SpecError(["spec.strategy.hyperband.maxResource is missing: add it"])
        return self.max_resource


class FoundHyperbandSettings(HyperbandSettings):
    """Settings whose maxResource was found in the template; never read from an object.

    Attributes:
        found_in: What was found and where, for a person.
    """

    found_in: str


class StrategySpec(ApiModel):
    """Which strategy suggests the trials, and its settings."""

    type: StrategyType = Field(
        description="Grid: every combination once. Random: independent points. Bayesian: "
        "points where a model of the trials so far expects the largest improvement, after a start "
        "that fills the space evenly. Hyperband: random points, of which at each rung only "
        "the better ones go on (successive halving)."
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
