"""A trial and its observations as strategies and stopping rules see them.

The states and how one follows another are drawn at `TrialState` in api.trial.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from kubetune.api.parameters import ParameterValue
from kubetune.api.trial import TrialState


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The objective metric of one trial at one step.

    Attributes:
        step: The step (epoch) it belongs to, >= 0.
        value: The objective as reported, finite.
    """

    step: int
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One point of the search space and what is known of it.

    Attributes:
        index: Number within the run, from 0; unique.
        name: Name of the Trial object.
        parameters: The point.
        state: Where it stands.
        observations: Finite objective observations of the present attempt, by step, ascending and
            unique. Empty while the trial is Pending.
        rungs: Its value at each rung to which it was trained and where it then paused, ascending;
            the steps are the rungs' levels. Whatever becomes of the trial, they stay.
        value: Final value as reported; None unless the trial is finished, or Paused, and reported
            one. That of a Paused trial is the value at its last rung.
        resource: Steps that it may use at most, as granted by now; None without Hyperband.
        bracket: Its bracket; None without Hyperband.
        started_at: When its training container first started; None before.
        finished_at: When it ended, or when its training reached the rung at which it is Paused, or
            was to its end; None before.
        holds_slot: True while the trial is Pending or Running, or its pod is not gone yet.
        gpu_seconds: GPUs times seconds of its attempts that have ended, see core.gpus.
    """

    index: int
    name: str
    parameters: Mapping[str, ParameterValue]
    state: TrialState
    observations: tuple[Observation, ...] = ()
    rungs: tuple[Observation, ...] = ()
    value: float | None = None
    resource: int | None = None
    bracket: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    holds_slot: bool = field(default=False)
    gpu_seconds: float = 0.0

    @property
    def trained(self) -> int:
        """Steps to which it was trained, by what it reported; 0 before that."""
        return max((seen.step for seen in (*self.observations[-1:], *self.rungs[-1:])), default=0)
