"""TuningJob and Trial as the command line shows them: what is displayed, and nothing more.

Not the API models, which refuse fields that they do not know: an older command must go on working
when a newer operator adds one.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from kubetune.kube.objects import Condition, Object, Slim

ParameterValue = int | float | str
"""As api.parameters has it; importing that would cost a short command a fifth of its time."""


class Objective(Slim, frozen=True):
    """What is optimised."""

    metric: str = ""
    goal: str = ""


class Parameter(Slim, frozen=True):
    """One tuned input, by name."""

    name: str
    type: str = ""


class Strategy(Slim, frozen=True):
    """How the space is searched."""

    type: str = ""


class Limits(Slim, frozen=True):
    """What bounds the job; None where the user sets no bound."""

    max_trials: int | None = None
    max_parallel_trials: int = 1
    max_runtime: str | None = None


class JobSpec(Slim, frozen=True):
    """The user's wish."""

    objective: Objective = Objective()
    parameters: list[Parameter] = msgspec.field(default_factory=list)
    strategy: Strategy = Strategy()
    limits: Limits = Limits()
    suspend: bool = False
    stop: bool = False
    run_id: str | None = None


class Best(Slim, frozen=True):
    """The incumbent; `resource` is the last step that it reported."""

    trial: str
    value: float
    parameters: dict[str, ParameterValue] = msgspec.field(default_factory=dict)
    resource: int | None = None


class OverallBest(Slim, frozen=True):
    """The best trial of the job and its parents."""

    tuning_job: str
    trial: str
    value: float
    parameters: dict[str, ParameterValue] = msgspec.field(default_factory=dict)


class Parent(Slim, frozen=True):
    """A parent of a warm start; `trials` of its trials had a value."""

    tuning_job: str
    trials: int = 0


class Rung(Slim, frozen=True):
    """One rung of the rung table."""

    step: int
    share: str = ""


class MaxResource(Slim, frozen=True):
    """The steps of a trial that is never stopped, and where they were found."""

    steps: int
    found_in: str | None = None


class Plan(Slim, frozen=True):
    """What the spec means; None where it leaves something open."""

    combinations: int | None = None
    trials: int | None = None
    max_resource: MaxResource | None = None
    rungs: list[Rung] = msgspec.field(default_factory=list)
    max_steps: int | None = None
    expected_steps: int | None = None
    max_gpu_hours: float | None = None
    expected_gpu_hours: float | None = None


class EndEvidence(Slim, frozen=True):
    """The numbers behind the end of a job."""

    rule: str = ""
    measure: str = ""
    value: float = 0.0
    threshold: float = 0.0
    population: int = 0
    trial: str | None = None


class GpuHours(Slim, frozen=True):
    """GPU-hours of the attempts that have ended, and what early stopping saved of them."""

    used: float = 0.0
    saved: float = 0.0


class Convergence(Slim, frozen=True):
    """When the search was first seen to have converged."""

    trial: str = ""
    trials: int = 0
    regret: float = 0.0
    threshold: float = 0.0


class JobStatus(Slim, frozen=True):
    """The operator's answer. Before its first look everything but -1 is missing."""

    observed_generation: int = -1
    conditions: list[Condition] = msgspec.field(default_factory=list)
    phase: str | None = None
    reason: str | None = None
    message: str | None = None
    run_id: str | None = None
    best: Best | None = None
    overall_best: OverallBest | None = None
    warm_start: list[Parent] = msgspec.field(default_factory=list)
    plan: Plan | None = None
    evidence: EndEvidence | None = None
    gpu_hours: GpuHours | None = None
    convergence: Convergence | None = None
    steps_used: int | None = None
    steps_saved: int | None = None
    start_time: datetime | None = None
    completion_time: datetime | None = None


class TuningJob(Object, frozen=True, kw_only=True):
    """A TuningJob and what its conditions say."""

    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()

    def condition(self, kind: str) -> Condition | None:
        """The condition of that type if it is True, else None."""
        for condition in self.status.conditions:
            if condition.type == kind and condition.status == "True":
                return condition
        return None

    @property
    def refusal(self) -> Condition | None:
        """The condition Accepted if it is False, else None."""
        for condition in self.status.conditions:
            if condition.type == "Accepted" and condition.status == "False":
                return condition
        return None

    def in_order(self, point: Mapping[str, ParameterValue]) -> dict[str, ParameterValue]:
        """The point in the order of the spec and with 2.0 for 2, which the API server forgets."""
        places = {parameter.name: place for place, parameter in enumerate(self.spec.parameters)}
        floats = {parameter.name for parameter in self.spec.parameters if parameter.type == "Float"}
        names = sorted(point, key=lambda name: (places.get(name, len(places)), name))
        typed = {name: float(point[name]) for name in floats if isinstance(point.get(name), int)}
        return {name: typed.get(name, point[name]) for name in names}

    @property
    def is_observed(self) -> bool:
        """True when the status is about the spec as it is now."""
        return self.status.observed_generation >= self.metadata.generation

    @property
    def has_ended(self) -> bool:
        """True when nothing more will happen without a change of the spec."""
        stuck = self.refusal is not None and self.condition("Stalled") is not None
        return self.is_observed and (self.condition("Finished") is not None or stuck)

    @property
    def has_failed(self) -> bool:
        """True when the job ended badly; meaningful once it has ended."""
        return self.condition("Failed") is not None or self.refusal is not None


class Observation(Slim, frozen=True):
    """What a trial reported at one step."""

    step: int
    metrics: dict[str, float] = msgspec.field(default_factory=dict)


class Evidence(Slim, frozen=True):
    """The numbers behind an early stop."""

    step: int
    value: float
    threshold: float
    population: int
    rule: str = ""


class Attempt(Slim, frozen=True):
    """An attempt that ended before its trial did; `step` is the last one that it reported."""

    start_time: datetime | None = None
    end_time: datetime | None = None
    reason: str = ""
    step: int | None = None


class TrialSpec(Slim, frozen=True):
    """The point that a trial evaluates."""

    index: int = 0
    parameters: dict[str, ParameterValue] = msgspec.field(default_factory=dict)
    resource: int | None = None
    bracket: int | None = None
    run_id: str | None = None
    reason: str | None = None


class RungReached(Slim, frozen=True):
    """What a trial reached at a rung where it paused, and why it was promoted from there."""

    step: int
    value: float
    time: datetime | None = None
    left_time: datetime | None = None
    promotion: Evidence | None = None


class TrialStatus(Slim, frozen=True):
    """What became of a trial."""

    state: str = "Pending"
    reason: str | None = None
    message: str | None = None
    value: float | None = None
    step: int | None = None
    observations: list[Observation] = msgspec.field(default_factory=list)
    evidence: Evidence | None = None
    attempts: int = 0
    gpu_seconds: float | None = None
    earlier_attempts: list[Attempt] = msgspec.field(default_factory=list)
    rungs: list[RungReached] = msgspec.field(default_factory=list)
    start_time: datetime | None = None
    completion_time: datetime | None = None


class Trial(Object, frozen=True, kw_only=True):
    """A Trial."""

    spec: TrialSpec = TrialSpec()
    status: TrialStatus = TrialStatus()

    @property
    def trained(self) -> int:
        """Steps to which it was trained, those before its last promotion included."""
        at_rungs = [rung.step for rung in self.status.rungs[-1:]]
        return max([self.last_step or 0, *at_rungs])

    @property
    def last_step(self) -> int | None:
        """The last step that it reported; None before the first report.

        The collector writes observations at once, the operator `status.step` a moment later.
        """
        steps = [observation.step for observation in self.status.observations]
        if self.status.step is not None:
            steps.append(self.status.step)
        return max(steps, default=None)

    def value_of(self, metric: str) -> float | None:
        """Its final value, or else the last one that it reported."""
        if self.status.value is not None:
            return self.status.value
        for observation in reversed(self.status.observations):
            if metric in observation.metrics:
                return observation.metrics[metric]
        return None


def decode_job(body: bytes | msgspec.Raw) -> TuningJob:
    """The TuningJob that the API server sent."""
    return msgspec.json.decode(body, type=TuningJob)


def decode_trial(body: bytes | msgspec.Raw) -> Trial:
    """The Trial that the API server sent."""
    return msgspec.json.decode(body, type=Trial)
