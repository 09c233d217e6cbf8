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
        value: Final value as reported; None unless the trial is finished and reported one.
        resource: Steps that it may use at most; None without Hyperband.
        bracket: Its bracket; None without Hyperband.
        started_at: When its training container first started; None before.
        finished_at: When it ended; None before.
        holds_slot: True while the trial is not finished, or is but its pod is not gone yet.
        gpu_seconds: GPUs times seconds of its attempts that have ended, see core.gpus.
    """

    index: int
    name: str
    parameters: Mapping[str, ParameterValue]
    state: TrialState
    observations: tuple[Observation, ...] = ()
    value: float | None = None
    resource: int | None = None
    bracket: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    holds_slot: bool = field(default=False)
    gpu_seconds: float = 0.0
