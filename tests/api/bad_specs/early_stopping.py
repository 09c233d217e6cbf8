"""Faults of `spec.earlyStopping`."""

from tests.api.bad_specs.bad_spec import RANDOM, BadSpec

EARLY_STOPPING = (
    BadSpec(
        id="early stopping with Hyperband",
        changes={"spec.earlyStopping": {"type": "Auto"}},
        field="spec.earlyStopping.type is Auto",
        remedy='write type: "Off" (in quotes), or remove spec.earlyStopping',
        rule="early-stopping-with-hyperband",
    ),
    BadSpec(
        id="guards of a median rule that is off",
        changes={**RANDOM, "spec.earlyStopping": {"type": "Off", "median": {"minStep": 3}}},
        field="spec.earlyStopping.median",
        remedy="not for Off: remove it, or set spec.earlyStopping.type to Auto",
        rule="median-without-early-stopping",
    ),
    BadSpec(
        id="a first step below zero",
        changes={**RANDOM, "spec.earlyStopping": {"type": "Auto", "median": {"minStep": -1}}},
        field="spec.earlyStopping.median.minStep",
        remedy="must be at least 0",
        server="should be greater than or equal to 0",
    ),
    BadSpec(
        id="a comparison that there is not",
        changes={**RANDOM, "spec.earlyStopping": {"type": "Auto", "median": {"compare": "Last"}}},
        field="spec.earlyStopping.median.compare",
        remedy="must be one of Current, Best, RunningAverage",
        server='supported values: "Current", "Best", "RunningAverage"',
    ),
    BadSpec(
        id="an Off that YAML read as false",
        changes={"spec.earlyStopping": {"type": False}},
        field="spec.earlyStopping.type",
        remedy="write it in quotes",
        server="must be of type string",
    ),
)
