"""Faults of `spec.strategy`."""

from tests.api.bad_specs.bad_spec import GRID, HYPERBAND, BadSpec
from tests.api.job_builder import REMOVED

STRATEGY = (
    BadSpec(
        id="Hyperband without its settings",
        changes={HYPERBAND: REMOVED},
        field=HYPERBAND,
        remedy="needs at least its maxResource",
        rule="hyperband-missing",
    ),
    BadSpec(
        id="Hyperband's settings with Random",
        changes={"spec.strategy.type": "Random"},
        field=HYPERBAND,
        remedy="remove it, or change spec.strategy.type",
        rule="hyperband-of-other-type",
    ),
    BadSpec(
        id="Random's settings with Hyperband",
        changes={"spec.strategy.random": {"sequence": "Quasirandom"}},
        field="spec.strategy.random",
        remedy="remove it, or change spec.strategy.type",
        rule="random-of-other-type",
    ),
    BadSpec(
        id="minResource as large as maxResource",
        changes={f"{HYPERBAND}.minResource": 27},
        field=f"{HYPERBAND}.minResource is 27",
        remedy="lower minResource, or raise maxResource",
        rule="min-resource-not-below-max-resource",
    ),
    BadSpec(
        id="a reduction factor of one",
        changes={f"{HYPERBAND}.reductionFactor": 1},
        field=f"{HYPERBAND}.reductionFactor",
        remedy="must be at least 2",
        server="should be greater than or equal to 2",
    ),
    BadSpec(
        id="a resource of two and a half steps",
        changes={f"{HYPERBAND}.minResource": 2.5},
        field=f"{HYPERBAND}.minResource",
        remedy="must be a whole number",
        server="must be of type integer",
    ),
    BadSpec(
        id="more brackets than rungs",
        changes={f"{HYPERBAND}.brackets": 5},
        field=f"{HYPERBAND}.brackets is 5",
        remedy="maxResource 27 is 4: use at most as many brackets",
        rule="more-brackets-than-rungs",
    ),
    BadSpec(
        id="more brackets than rungs where a logarithm would round up",
        changes={f"{HYPERBAND}.maxResource": 242, f"{HYPERBAND}.brackets": 6},
        field=f"{HYPERBAND}.brackets is 6",
        remedy="maxResource 242 is 5: use at most as many brackets",
        rule="more-brackets-than-rungs",
    ),
    BadSpec(
        id="a mode of Hyperband that there is not",
        changes={f"{HYPERBAND}.mode": "Pausing"},
        field=f"{HYPERBAND}.mode",
        remedy="must be one of Stopping, Promotion, Synchronous",
        server='supported values: "Stopping", "Promotion", "Synchronous"',
    ),
    BadSpec(
        id="a search inside Hyperband that there is not",
        changes={f"{HYPERBAND}.search": "Grid"},
        field=f"{HYPERBAND}.search",
        remedy="must be one of Random, Bayesian",
        server='supported values: "Random", "Bayesian"',
    ),
    BadSpec(
        id="a seed below zero",
        changes={"spec.strategy.seed": -1},
        field="spec.strategy.seed",
        remedy="must be at least 0",
        server="should be greater than or equal to 0",
    ),
    BadSpec(
        id="a grid with a Float that has no step",
        changes=GRID,
        field="spec.parameters[lr].step",
        remedy="add one, or use the strategy Random",
        rule="grid-without-step",
    ),
)
