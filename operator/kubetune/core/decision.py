"""What `decide()` answers: trials to launch, promote and stop, the end, when to look again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kubetune.api.parameters import ParameterValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A point to try as the trial of that index.

    Attributes:
        index: Index of the new trial, unique within the run.
        parameters: The point, inside the search space.
        resource: Steps that it may use at most; None without Hyperband.
        bracket: Its bracket; None without Hyperband.
        reason: Why this point, for a person; never empty.
    """

    index: int
    parameters: Mapping[str, ParameterValue]
    resource: int | None = None
    bracket: int | None = None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The numbers behind a stop or a promotion; the same fields as EvidenceStatus in the API."""

    rule: str
    step: int
    value: float
    threshold: float
    population: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTrial:
    """A trial that will not win: one that runs, or one that is Paused and will not be promoted.

    Attributes:
        index: Index of the trial.
        reason: Why, for a person; never empty.
        evidence: The numbers behind it.
    """

    index: int
    reason: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Convergence:
    """That nothing much better is to be expected; the same fields as ConvergenceStatus in the API.

    Attributes:
        rule: The rule and its version.
        trial: Name of the trial after whose end it was first seen.
        at: When that ended.
        trials: Number of trials with a value by then.
        regret: By how much any point may be better than the best one, at most.
        threshold: What `regret` had to come down to.
    """

    rule: str
    trial: str
    at: datetime | None
    trials: int
    regret: float
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A Paused trial that goes on to the next rung.

    Attributes:
        index: Index of the trial.
        resource: Steps that it may use from now on.
        reason: Why, for a person; never empty.
        evidence: The numbers behind it; its step is the rung that the trial leaves.
    """

    index: int
    resource: int
    reason: str
    evidence: Evidence


class OutcomeKind(StrEnum):
    """Good or bad: a stopped job is complete, a failed one has failed."""

    COMPLETE = "Complete"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndEvidence:
    """The numbers behind the end of a job; the same fields as EndEvidenceStatus in the API."""

    rule: str
    measure: str
    value: float
    threshold: float
    population: int
    trial: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of the job.

    Attributes:
        kind: Complete or Failed.
        reason: One CamelCase word for programs.
        message: The same for a person, with the numbers.
        evidence: The numbers; None for a wish of the user's, which has none.
    """

    kind: OutcomeKind
    reason: str
    message: str
    evidence: EndEvidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Everything to do about a job now.

    Attributes:
        launch: New trials, in ascending index.
        promote: Paused trials that go on, the most urgent first.
        stop: Trials to stop early. At the end of the job these are the Paused ones; those that run
            then are not listed: an outcome ends them all.
        outcome: The end of the job; None while it goes on.
        wake_after: When to decide again though nothing happened; None if only events matter.
        fallback: Why a strategy's answer was replaced by random search; None if it was not.
        convergence: When the search was first seen to have converged, whether or not that ends the
            job; None if it has not, or if that was not asked.
    """

    launch: tuple[Suggestion, ...] = ()
    promote: tuple[Promotion, ...] = ()
    stop: tuple[StopTrial, ...] = ()
    outcome: Outcome | None = None
    wake_after: timedelta | None = None
    fallback: str | None = None
    convergence: Convergence | None = None
