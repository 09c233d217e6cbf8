"""Faults of `spec.objective`."""

from tests.api.bad_specs.bad_spec import BadSpec
from tests.api.job_builder import REMOVED

OBJECTIVE = (
    BadSpec(
        id="no objective",
        changes={"spec.objective": REMOVED},
        field="spec.objective",
        remedy="add it",
        server="Required value",
    ),
    BadSpec(
        id="no goal",
        changes={"spec.objective.goal": REMOVED},
        field="spec.objective.goal",
        remedy="add it. Maximize or Minimize",
        server="Required value",
    ),
    BadSpec(
        id="a goal in lower case",
        changes={"spec.objective.goal": "maximize"},
        field="spec.objective.goal",
        remedy="must be one of Maximize, Minimize",
        server='supported values: "Maximize", "Minimize"',
    ),
    BadSpec(
        id="a metric name with a blank",
        changes={"spec.objective.metric": "val accuracy"},
        field='spec.objective.metric "val accuracy"',
        remedy="go on with letters, digits",
        rule="objective-metric-malformed",
    ),
    BadSpec(
        id="an empty metric name",
        changes={"spec.objective.metric": ""},
        field="spec.objective.metric",
        remedy="must have from 1 to 63 characters",
        server="should be at least 1 chars long",
    ),
    BadSpec(
        id="a metric name with a line break at its end",
        changes={"spec.objective.metric": "val_accuracy\n"},
        field="spec.objective.metric",
        remedy="go on with letters, digits",
        rule="objective-metric-malformed",
    ),
    BadSpec(
        id="an objective metric called step",
        changes={"spec.objective.metric": "step"},
        field='spec.objective.metric "step"',
        remedy="report the metric by another name",
        rule="objective-metric-reserved",
    ),
    BadSpec(
        id="an additional metric called epoch",
        changes={"spec.objective.additionalMetrics": ["loss", "epoch"]},
        field='spec.objective.additionalMetrics: "epoch"',
        remedy="report the metric by another name",
        rule="additional-metric-reserved",
    ),
    BadSpec(
        id="an additional metric with an equals sign",
        changes={"spec.objective.additionalMetrics": ["loss", "a=b"]},
        field='spec.objective.additionalMetrics: "a=b"',
        remedy="go on with letters, digits",
        rule="additional-metric-malformed",
    ),
    BadSpec(
        id="the objective metric among the additional ones",
        changes={"spec.objective.additionalMetrics": ["val_accuracy"]},
        field='spec.objective.additionalMetrics repeats "val_accuracy"',
        remedy="remove it there",
        rule="additional-metric-is-objective",
    ),
    BadSpec(
        id="an additional metric twice",
        changes={"spec.objective.additionalMetrics": ["loss", "loss"]},
        field="spec.objective.additionalMetrics[1]",
        remedy="remove or rename it",
        server='Duplicate value: "loss"',
    ),
    BadSpec(
        id="eleven additional metrics",
        changes={"spec.objective.additionalMetrics": [f"m{n}" for n in range(11)]},
        field="spec.objective.additionalMetrics",
        remedy="must have from 0 to 10 items",
        server="must have at most 10 items",
    ),
)
