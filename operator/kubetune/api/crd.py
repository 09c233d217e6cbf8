"""The CustomResourceDefinitions of TuningJob and Trial, made of the models and the rules."""

from typing import Any

from kubetune.api import names
from kubetune.api.crd_schema import Schema, SchemaError, structural_schema
from kubetune.api.rule import Rule, UpdateRule
from kubetune.api.rules import RULES
from kubetune.api.rules_updates import TRIAL_IS_FIXED, UPDATE_RULES
from kubetune.api.trial import TrialSpec, TrialStatus
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.tuningjob_status import TuningJobStatus

Manifest = dict[str, Any]

_RULES = "x-kubernetes-validations"


def tuning_job_crd() -> Manifest:
    """Return the CustomResourceDefinition of TuningJob."""
    schema = _object_schema(
        "A search for the parameters with which a training program does best: what to tune, how, "
        "within which limits. Kubetune runs one Job per trial.",
        spec=structural_schema(TuningJobSpec),
        status=structural_schema(TuningJobStatus) | {"default": {"observedGeneration": -1}},
    )
    rules: tuple[Rule[Any] | UpdateRule[Any], ...] = (*RULES, *UPDATE_RULES)
    for rule in rules:
        _add_rule(schema, rule)
    return _crd(
        kind="TuningJob",
        short_name="tj",
        schema=schema,
        columns=[
            _column("Phase", "string", ".status.phase"),
            _column("Progress", "string", ".status.progress"),
            _column("Running", "integer", ".status.trials.running"),
            _column("Failed", "integer", ".status.trials.failed"),
            _column("Best", "number", ".status.best.value"),
            _column("Age", "date", ".metadata.creationTimestamp"),
            _column("Reason", "string", ".status.reason") | {"priority": 1},
        ],
    )


def trial_crd() -> Manifest:
    """Return the CustomResourceDefinition of Trial."""
    spec = structural_schema(TrialSpec)
    spec[_RULES] = [TRIAL_IS_FIXED]
    schema = _object_schema(
        "One point of a TuningJob's search space, and what became of it. Written by Kubetune.",
        spec=spec,
        status=structural_schema(TrialStatus) | {"default": {"state": "Pending"}},
    )
    crd = _crd(
        kind="Trial",
        short_name="trl",
        schema=schema,
        columns=[
            _column("State", "string", ".status.state"),
            _column("Step", "integer", ".status.observations[-1:].step"),
            _column("Value", "number", ".status.value"),
            _column("Parameters", "string", ".spec.parameters"),
            _column("Reason", "string", ".status.reason"),
            _column("Age", "date", ".metadata.creationTimestamp"),
        ],
    )
    crd["spec"]["versions"][0]["selectableFields"] = [
        {"jsonPath": ".spec.tuningJob"},
        {"jsonPath": ".status.state"},
    ]
    return crd


def _crd(*, kind: str, short_name: str, schema: Schema, columns: list[Manifest]) -> Manifest:
    singular = kind.lower()
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{singular}s.{names.GROUP}"},
        "spec": {
            "group": names.GROUP,
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": f"{singular}s",
                "singular": singular,
                "shortNames": [short_name],
                "categories": ["kubetune"],
            },
            "scope": "Namespaced",
            "versions": [
                {
                    "name": names.VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": columns,
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }


def _object_schema(description: str, *, spec: Schema, status: Schema) -> Schema:
    return {
        "description": description,
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {
                "description": f"The API's group and version: {names.API_VERSION}.",
                "type": "string",
            },
            "kind": {"description": "The kind of the object.", "type": "string"},
            # The API server owns its schema, and refuses even a description.
            "metadata": {"type": "object"},
            "spec": spec,
            "status": status,
        },
    }


def _column(name: str, kind: str, path: str) -> Manifest:
    return {"name": name, "type": kind, "jsonPath": path}


def _add_rule(schema: Schema, rule: Rule[Any] | UpdateRule[Any]) -> None:
    node = schema_at(schema, "" if rule.at.startswith("metadata") else rule.at)
    node.setdefault(_RULES, []).append(rule.schema())


def schema_at(schema: Schema, path: str) -> Schema:
    """Return the node of a schema at a path such as `spec.parameters[]`; the root for "".

    Raises:
        SchemaError: there is no such node.
    """
    node = schema
    for part in path.replace("[]", ".[]").split(".") if path else ():
        try:
            node = node["items"] if part == "[]" else node["properties"][part]
        except KeyError:
            raise SchemaError(f"{path}: there is no {part} in the schema") from None
    return node
