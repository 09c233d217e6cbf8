"""Faults of `spec.initialTrials` and `spec.warmStart`."""

from tests.api.bad_specs.bad_spec import GRID, BadSpec
from tests.api.job_builder import REMOVED

BEGINNINGS = (
    # Initial trials; what their values may be is not for the schema to say.
    BadSpec(
        id="an initial trial without the field parameters",
        changes={"spec.initialTrials": [{}]},
        field="spec.initialTrials[0].parameters",
        remedy="is missing: add it",
        server="Required value",
    ),
    BadSpec(
        id="an initial trial that is a list",
        changes={"spec.initialTrials": [{"parameters": [0.1, 64]}]},
        field="spec.initialTrials[0].parameters",
        remedy="must be an object with fields",
        server="must be of type object",
    ),
    BadSpec(
        id="too many initial trials",
        changes={"spec.initialTrials": [{"parameters": {}}] * 101},
        field="spec.initialTrials",
        remedy="must have from 0 to 100 items",
        server="must have at most 100 items",
    ),
    # Warm start.
    BadSpec(
        id="a warm start of a grid",
        changes={**GRID, "spec.parameters[0].step": 0.1, "spec.parameters[0].scale": REMOVED}
        | {"spec.warmStart": {"from": ["a"], "type": "TransferLearning"}},
        field="spec.warmStart",
        remedy="remove it, or use another strategy",
        rule="warm-start-with-grid",
    ),
    BadSpec(
        id="a warm start from the job itself",
        changes={"spec.warmStart": {"from": ["a", "digits"], "type": "TransferLearning"}},
        field='spec.warmStart.from names this TuningJob itself, "digits"',
        remedy="name others that have finished",
        rule="warm-start-from-itself",
    ),
    BadSpec(
        id="a warm start from nothing",
        changes={"spec.warmStart": {"from": [], "type": "TransferLearning"}},
        field="spec.warmStart.from",
        remedy="must have from 1 to 5 items",
        server="should have at least 1 items",
    ),
    BadSpec(
        id="a warm start from too many",
        changes={"spec.warmStart": {"from": [*"abcdef"], "type": "TransferLearning"}},
        field="spec.warmStart.from",
        remedy="must have from 1 to 5 items",
        server="must have at most 5 items",
    ),
    BadSpec(
        id="a parent named twice",
        changes={"spec.warmStart": {"from": ["a", "a"], "type": "TransferLearning"}},
        field="spec.warmStart.from[1]",
        remedy="each may stand there once",
        server="Duplicate value",
    ),
    BadSpec(
        id="a warm start of no type",
        changes={"spec.warmStart": {"from": ["a"]}},
        field="spec.warmStart.type",
        remedy="is missing: add it",
        server="Required value",
    ),
    BadSpec(
        id="too many fixed values",
        changes={
            "spec.warmStart": {
                "from": ["a"],
                "type": "TransferLearning",
                "fixed": {f"p{i}": i for i in range(11)},
            }
        },
        field="spec.warmStart.fixed",
        remedy="must have from 0 to 10 entries",
        server="must have at most 10",
    ),
)
