"""Builders of specs and trials: everything has a default, so a test names what matters."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from kubetune.api.parameters import ParameterValue
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.trial import Observation, Trial

Parameter = Mapping[str, Any]

START = datetime(2026, 1, 1, tzinfo=UTC)

LEARNING_RATE: Parameter = {
    "name": "lr",
    "type": "Float",
    "min": 0.0001,
    "max": 1.0,
    "scale": "Log",
}
HIDDEN: Parameter = {"name": "hidden", "type": "Integer", "min": 16, "max": 64, "step": 16}
ACTIVATION: Parameter = {
    "name": "activation",
    "type": "Categorical",
    "values": ["relu", "tanh", "gelu"],
}

_TEMPLATE = {"spec": {"template": {"spec": {"containers": [{"name": "train", "image": "image"}]}}}}


def make_spec(
    strategy: str = "Random",
    *,
    parameters: Sequence[Mapping[str, Any]] = (LEARNING_RATE, ACTIVATION),
    goal: str = "Maximize",
    value: str = "Last",
    hyperband: Mapping[str, Any] | None = None,
    sequence: str | None = None,
    limits: Mapping[str, Any] | None = None,
    **fields: Any,
) -> TuningJobSpec:
    """Return a spec; `fields` are further fields of it as they are on the wire."""
    settings: dict[str, Any] = {"type": strategy}
    if hyperband is not None:
        settings["hyperband"] = hyperband
    elif strategy == "Hyperband":
        settings["hyperband"] = {"maxResource": 27}
    if sequence is not None:
        settings["random"] = {"sequence": sequence}
    return TuningJobSpec.model_validate(
        {
            "objective": {"metric": "accuracy", "goal": goal, "value": value},
            "parameters": list(parameters),
            "strategy": settings,
            "limits": limits or {},
            "trial": {"template": _TEMPLATE},
            **fields,
        }
    )


def make_observations(values: Mapping[int, float] | Sequence[float]) -> tuple[Observation, ...]:
    """Return observations by step; a list counts its steps from 1."""
    steps = values if isinstance(values, Mapping) else dict(enumerate(values, start=1))
    return tuple(Observation(step=step, value=value) for step, value in sorted(steps.items()))


def make_trial(
    index: int,
    state: TrialState = TrialState.RUNNING,
    values: Mapping[int, float] | Sequence[float] = (),
    *,
    parameters: Mapping[str, ParameterValue] | None = None,
    value: float | None = None,
    bracket: int | None = None,
    finished: int | None = None,
    holds_slot: bool | None = None,
    resource: int | None = None,
    gpu_seconds: float = 0.0,
    rungs: Mapping[int, float] | None = None,
) -> Trial:
    """Return a trial; a finished one ended `finished` seconds after the start, by default `index`.

    The final value of a trial that Succeeded or was EarlyStopped is its last observation unless it
    is given; a trial holds a slot while it is not idle unless that is given. `rungs` are its values
    at the rungs to which it was trained.
    """
    done = state.is_finished
    reached = make_observations(rungs or {})
    ended = state in (TrialState.SUCCEEDED, TrialState.EARLY_STOPPED)
    observations = make_observations(values)
    if value is None and ended and observations:
        value = observations[-1].value
    if state is TrialState.PAUSED and reached:
        value = reached[-1].value
    after = index if finished is None else finished
    return Trial(
        index=index,
        name=f"digits-{index}",
        parameters=parameters if parameters is not None else {"lr": 0.1, "activation": "relu"},
        state=state,
        observations=observations,
        rungs=reached,
        value=value,
        resource=resource,
        bracket=bracket,
        gpu_seconds=gpu_seconds,
        started_at=None if state is TrialState.PENDING else START,
        finished_at=START + timedelta(seconds=after) if done else None,
        holds_slot=not state.is_idle if holds_slot is None else holds_slot,
    )
