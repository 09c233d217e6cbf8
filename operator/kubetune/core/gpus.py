"""GPU-hours: what a trial's Job holds, what the trials have used, what early stopping saved.

A GPU is counted from the start of the training container to its end, or to the decision that
stopped it: for all attempts of a trial, the interrupted ones included, and for as many pods as the
Job runs at a time. What an attempt used is recorded in its Trial when the attempt ends, so that it
outlives the Job. Time that a pod spends waiting or fetching its image is not counted, and neither
are GPUs that a pod claims otherwise than as an extended resource named */gpu.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from kubetune.api.parameters import ParameterSpec, ParameterType, ParameterValue
from kubetune.api.placeholders import substitute
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.steps import last_attempt_steps, steps_saved, usual_steps
from kubetune.core.trial import Trial

_GPU = re.compile(r"[^/]+/gpu")
_QUANTITY = re.compile(r"(?P<number>[0-9]+(\.[0-9]+)?)(?P<suffix>m|k|)")
_FACTORS = {"m": 0.001, "": 1.0, "k": 1000.0}
_HOUR = 3600


Count = Callable[[Mapping[str, ParameterValue]], float]
"""How many GPUs the Job of a trial of that point holds at one time; 0 without any."""


def gpu_counter(spec: TuningJobSpec) -> Count:
    """Return what counts the GPUs of a trial of this job.

    Per pod as the scheduler counts: the containers and sidecars together, or the largest of the
    other init containers, which run before them, if that asks for more.
    """
    asked = _asked(spec.trial.template["spec"])

    def count(parameters: Mapping[str, ParameterValue]) -> float:
        return _held(substitute(asked, parameters=parameters, trial_name="", index=0, resource=0))

    if "$(" in str(asked):
        return count
    held = _held(asked)
    return lambda _: held


def gpus_of(job: Mapping[str, Any]) -> float:
    """Return how many GPUs a Job holds at one time, by its own spec; 0 without any."""
    return _held(_asked(job))


def most_gpus(spec: TuningJobSpec) -> float:
    """Return the most GPUs that the Job of any trial may hold at one time; 0 without any."""
    return gpu_counter(spec)({p.name: _largest(p) for p in spec.parameters})


def gpu_hours_used(spec: TuningJobSpec, trials: Sequence[Trial], *, now: datetime) -> float:
    """Return the GPU-hours of all trials so far, those that run counted up to now."""
    gpus = gpu_counter(spec)
    running = sum(
        gpus(trial.parameters) * max((now - trial.started_at).total_seconds(), 0)
        for trial in _running(trials)
        if trial.started_at is not None
    )
    return (recorded_gpu_seconds(trials) + running) / _HOUR


def recorded_gpu_seconds(trials: Sequence[Trial]) -> float:
    """Return the GPU-seconds of all attempts that have ended."""
    return math.fsum(trial.gpu_seconds for trial in trials)


def until_spent(spec: TuningJobSpec, trials: Sequence[Trial], *, now: datetime) -> timedelta | None:
    """Return when limits.maxGpuHours is used up if the same trials run on, in whole seconds.

    None without that limit, and while nothing that has a GPU runs. Not before the limit is reached.
    """
    budget = spec.limits.max_gpu_hours
    if budget is None:
        return None
    gpus = gpu_counter(spec)
    pace = sum(gpus(trial.parameters) for trial in _running(trials))
    if pace == 0:
        return None
    left = (budget - gpu_hours_used(spec, trials, now=now)) * _HOUR
    return timedelta(seconds=math.ceil(max(left, 0) / pace))


def gpu_hours_saved(spec: TuningJobSpec, trials: Sequence[Trial]) -> float:
    """Return about how many GPU-hours early stopping saved.

    What core.steps finds for each trial, at the pace of its own last attempt. A trial whose pace
    cannot be told adds nothing.
    """
    usual = usual_steps(trials)
    gpus = gpu_counter(spec)
    saved = 0.0
    for trial in trials:
        steps = steps_saved(spec, trial, usual)
        if steps == 0 or trial.started_at is None or trial.finished_at is None:
            continue
        seconds = max((trial.finished_at - trial.started_at).total_seconds(), 0)
        pace = seconds / last_attempt_steps(spec, trial)
        saved += gpus(trial.parameters) * pace * steps
    return max(saved, 0.0) / _HOUR


def _asked(job: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of the spec of a Job says how many GPUs it holds."""
    pod = job["template"]["spec"]
    return {
        "pods": {key: job.get(key) for key in ("parallelism", "completions")},
        "containers": [_resources(c) for c in pod["containers"]],
        "inits": [_resources(c) for c in pod.get("initContainers") or []],
    }


def _held(asked: Mapping[str, Any]) -> float:
    sidecars = [c for c in asked["inits"] if c["restartPolicy"] == "Always"]
    others = [c for c in asked["inits"] if c["restartPolicy"] != "Always"]
    together = sum(_gpus(c) for c in (*asked["containers"], *sidecars))
    return _pods(asked["pods"]) * max([together, *(_gpus(c) for c in others)])


def _running(trials: Sequence[Trial]) -> list[Trial]:
    return [trial for trial in trials if trial.state is TrialState.RUNNING]


def _resources(container: Mapping[str, Any]) -> dict[str, Any]:
    asked = _mapping(container.get("resources"))
    wanted = {**_mapping(asked.get("requests")), **_mapping(asked.get("limits"))}
    return {
        "restartPolicy": container.get("restartPolicy"),
        "gpus": {name: value for name, value in wanted.items() if _GPU.fullmatch(name)},
    }


def _mapping(value: Any) -> Mapping[str, Any]:
    """Return a value that the API server will want to be an object; empty if it is none."""
    return value if isinstance(value, Mapping) else {}


def _gpus(container: Mapping[str, Any]) -> float:
    return sum(_quantity(value) for value in container["gpus"].values())


def _quantity(value: Any) -> float:
    """Return a quantity as Kubernetes writes one; 0 for what the API server would refuse."""
    found = _QUANTITY.fullmatch(str(value))
    return float(found["number"]) * _FACTORS[found["suffix"]] if found else 0.0


def _pods(job: Mapping[str, Any]) -> int:
    """Return how many pods a Job runs at a time."""
    parallelism, completions = (
        int(_quantity(job[key])) if job[key] is not None else None
        for key in ("parallelism", "completions")
    )
    together = 1 if parallelism is None else parallelism
    return together if completions is None else min(together, completions)


def _largest(parameter: ParameterSpec) -> ParameterValue:
    """Return the value by which a trial would ask for the most."""
    if parameter.type is ParameterType.CATEGORICAL:
        return max(parameter.values or [""], key=_quantity)
    top = parameter.max or 0
    return int(top) if parameter.type is ParameterType.INTEGER else top
