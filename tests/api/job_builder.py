"""A good TuningJob, and small changes to it."""

import copy
from collections.abc import Mapping
from typing import Any, Final

POD: Final = "spec.trial.template.spec.template.spec"
"""Path of the pod's spec in a TuningJob."""

REMOVED: Final = object()
"""The value of a field that a change takes away."""

LR, HIDDEN, ACTIVATION = "$(params.lr)", "$(params.hidden)", "$(params.activation)"
"""The placeholders of its parameters."""

Manifest = dict[str, Any]


def good_job(name: str = "digits") -> Manifest:
    """A job that uses most of the API; suspended, so that no operator starts a trial."""
    return {
        "apiVersion": "kubetune.dev/v1alpha1",
        "kind": "TuningJob",
        "metadata": {"name": name},
        "spec": {
            "suspend": True,
            "objective": {
                "metric": "val_accuracy",
                "goal": "Maximize",
                "additionalMetrics": ["val_loss"],
            },
            "parameters": [
                {"name": "lr", "type": "Float", "min": 0.0001, "max": 0.5, "scale": "Log"},
                {"name": "hidden", "type": "Integer", "min": 16, "max": 256, "step": 16},
                {"name": "activation", "type": "Categorical", "values": ["relu", "tanh"]},
            ],
            "strategy": {
                "type": "Hyperband",
                "seed": 7,
                "hyperband": {"minResource": 1, "maxResource": 27, "reductionFactor": 3},
            },
            "limits": {"maxTrials": 60, "maxParallelTrials": 8},
            "trial": {
                "template": {
                    "spec": {
                        "backoffLimit": 0,
                        "template": {
                            "spec": {
                                "containers": [
                                    {
                                        "name": "train",
                                        "image": "registry.example/digits:1",
                                        "command": ["python", "train.py"],
                                        "args": [
                                            "--lr=$(params.lr)",
                                            "--hidden=$(params.hidden)",
                                            "--activation=$(params.activation)",
                                        ],
                                        "resources": {"limits": {"nvidia.com/gpu": 1}},
                                    }
                                ]
                            }
                        },
                    }
                }
            },
        },
    }


def changed(manifest: Mapping[str, Any], changes: Mapping[str, Any]) -> Manifest:
    """A copy with other values at paths such as `spec.parameters[0].min`.

    Objects on the way to a path are made; an index equal to the length of a list appends to it.
    """
    result = copy.deepcopy(dict(manifest))
    for path, value in changes.items():
        _set(result, _keys(path), value)
    return result


def _keys(path: str) -> list[str | int]:
    parts = path.replace("[", ".[").split(".")
    return [int(part[1:-1]) if part.startswith("[") else part for part in parts]


def _set(node: Any, keys: list[str | int], value: Any) -> None:
    *parents, last = keys
    for key in parents:
        node = node.setdefault(key, {}) if isinstance(node, dict) else node[key]
    if value is REMOVED:
        del node[last]
    elif isinstance(node, list) and last == len(node):
        node.append(copy.deepcopy(value))
    else:
        node[last] = copy.deepcopy(value)
