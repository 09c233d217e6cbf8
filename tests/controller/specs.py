"""Specs of TuningJobs: everything has a default, so a test names what matters."""

from collections.abc import Mapping, Sequence
from typing import Any

from kubetune.api.tuningjob import TuningJobSpec

LEARNING_RATE = {"name": "lr", "type": "Float", "min": 0.0001, "max": 1.0, "scale": "Log"}
HIDDEN = {"name": "hidden", "type": "Integer", "min": 16, "max": 64, "step": 16}
_CONTAINER = {"name": "train", "image": "trainer:1", "args": ["--all=$(KUBETUNE_PARAMETERS)"]}


def template(
    *,
    containers: Sequence[Mapping[str, Any]] = (_CONTAINER,),
    pod: Mapping[str, Any] | None = None,
    pod_labels: Mapping[str, str] | None = None,
    **job: Any,
) -> dict[str, Any]:
    """A JobTemplateSpec; `pod` and `job` are further fields of the two specs."""
    pod_template: dict[str, Any] = {"spec": {"containers": list(containers), **(pod or {})}}
    if pod_labels is not None:
        pod_template["metadata"] = {"labels": dict(pod_labels)}
    return {"spec": {"template": pod_template, **job}}


def spec_fields(
    strategy: str = "Random",
    *,
    parameters: Sequence[Mapping[str, Any]] = (LEARNING_RATE,),
    metric: str = "accuracy",
    goal: str = "Maximize",
    value: str = "Last",
    additional: Sequence[str] = (),
    seed: int | None = 7,
    hyperband: Mapping[str, Any] | None = None,
    limits: Mapping[str, Any] | None = None,
    source: str = "Stdout",
    metrics: Mapping[str, Any] | None = None,
    job_template: Mapping[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """A TuningJob's spec as it is on the wire; `fields` are further ones."""
    search: dict[str, Any] = {"type": strategy}
    if seed is not None:
        search["seed"] = seed
    if strategy == "Hyperband":
        search["hyperband"] = hyperband or {"maxResource": 9}
    if source == "File":
        metrics = {"path": "/metrics/log.txt", **(metrics or {})}
    return {
        "objective": {
            "metric": metric,
            "goal": goal,
            "value": value,
            "additionalMetrics": list(additional),
        },
        "parameters": list(parameters),
        "strategy": search,
        "limits": {"maxTrials": 4, "maxParallelTrials": 2, **(limits or {})},
        "metrics": {"source": source, **(metrics or {})},
        "trial": {"template": job_template or template()},
        **fields,
    }


def make_spec(strategy: str = "Random", **fields: Any) -> TuningJobSpec:
    """A TuningJob's spec as the controller has it; arguments of `spec_fields`."""
    return TuningJobSpec.model_validate(spec_fields(strategy, **fields))
