"""Faults of `spec.parameters`: names, types and values."""

from tests.api.bad_specs.bad_spec import P0, P1, P2, BadSpec
from tests.api.job_builder import REMOVED

PARAMETERS = (
    BadSpec(
        id="no parameters",
        changes={"spec.parameters": []},
        field="spec.parameters",
        remedy="must have from 1 to 50 items",
        server="should have at least 1 items",
    ),
    BadSpec(
        id="a parameter without a type",
        changes={f"{P0}.type": REMOVED},
        field=f"{P0}.type",
        remedy="add it. Float, Integer or Categorical",
        server="Required value",
    ),
    BadSpec(
        id="a type in lower case",
        changes={f"{P0}.type": "float"},
        field=f"{P0}.type",
        remedy="must be one of Float, Integer, Categorical",
        server='supported values: "Float", "Integer", "Categorical"',
    ),
    BadSpec(
        id="a parameter name that starts with a digit",
        changes={f"{P0}.name": "2lr"},
        field="spec.parameters[2lr].name",
        remedy="start with a letter or '_'",
        rule="parameter-name-malformed",
    ),
    BadSpec(
        id="a parameter name with a bracket, which would end its placeholder",
        changes={f"{P0}.name": "lr)"},
        field="spec.parameters[lr)].name",
        remedy="start with a letter or '_'",
        rule="parameter-name-malformed",
    ),
    BadSpec(
        id="the same parameter twice",
        changes={f"{P1}.name": "lr"},
        field=P1,
        remedy="remove or rename it",
        server='Duplicate value: {"name":"lr"}',
    ),
    BadSpec(
        id="two parameters that share an environment variable",
        changes={f"{P0}.name": "learning.rate", f"{P1}.name": "Learning_Rate"},
        field="spec.parameters[learning.rate].name",
        remedy="rename one of them",
        rule="parameters-share-a-variable",
    ),
    BadSpec(
        id="a Categorical without values",
        changes={f"{P2}.values": REMOVED},
        field="spec.parameters[activation].values",
        remedy="needs a list of values",
        rule="parameter-values-missing",
    ),
    BadSpec(
        id="a Categorical with an empty list of values",
        changes={f"{P2}.values": []},
        field=f"{P2}.values",
        remedy="must have from 1 to 100 items",
        server="should have at least 1 items",
    ),
    BadSpec(
        id="a value twice",
        changes={f"{P2}.values": ["relu", "tanh", "relu"]},
        field=f"{P2}.values[2]",
        remedy="remove or rename it",
        server='Duplicate value: "relu"',
    ),
    BadSpec(
        id="a value that is a number",
        changes={f"{P2}.values": ["relu", 3]},
        field=f"{P2}.values[1]",
        remedy="must be a text",
        server="must be of type string",
    ),
    BadSpec(
        id="a value that YAML read as false",
        changes={f"{P2}.values": ["relu", False]},
        field=f"{P2}.values[1]",
        remedy="write it in quotes",
        server="must be of type string",
    ),
    BadSpec(
        id="values of a Float",
        changes={f"{P0}.values": ["0.1", "0.2"]},
        field="spec.parameters[lr].values",
        remedy="remove it, or change the type",
        rule="parameter-values-with-number",
    ),
    *(
        BadSpec(
            id=f"{field} of a Categorical",
            changes={f"{P2}.{field}": value},
            field=f"spec.parameters[activation].{field} is {value}",
            remedy="remove it, or use the type Float or Integer",
            rule=f"parameter-{field}-with-categorical",
        )
        for field, value in {"min": 1, "max": 2, "step": 3, "scale": "Linear"}.items()
    ),
)
