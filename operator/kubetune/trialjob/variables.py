"""The environment variables that every container of a trial has."""

import json
from typing import Any

from kubetune.api import names
from kubetune.api.placeholders import for_kubelet, value_text
from kubetune.trialjob.identity import TrialIdentity


def variables_of(trial: TrialIdentity) -> list[dict[str, Any]]:
    """Return the variables; the first three say which trial and pod it is."""
    parameters = dict(trial.parameters)
    variables: list[dict[str, Any]] = [
        {"name": "KUBETUNE_TRIAL", "value": trial.name},
        {
            "name": "KUBETUNE_NAMESPACE",
            "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}},
        },
        {"name": "KUBETUNE_POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "KUBETUNE_PARAMETERS", "value": for_kubelet(json.dumps(parameters))},
    ]
    variables += [
        {"name": names.parameter_variable(name), "value": for_kubelet(value_text(value))}
        for name, value in parameters.items()
    ]
    return variables
