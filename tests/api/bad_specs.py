"""Specs that must be refused, and what the refusal must say.

The table is used twice: against the API server and against the offline validation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.api.job_builder import POD, REMOVED

P0, P1, P2 = (f"spec.parameters[{index}]" for index in range(3))
HYPERBAND = "spec.strategy.hyperband"
RANDOM = {"spec.strategy.type": "Random", HYPERBAND: REMOVED}
GRID = {"spec.strategy.type": "Grid", HYPERBAND: REMOVED}


@dataclass(frozen=True, slots=True, kw_only=True)
class BadSpec:
    """A good job with something wrong in it.

    Attributes:
        id: The fault, in words.
        changes: What to change in the good job, by path.
        field: The field that the refusal must name.
        remedy: Words of the remedy.
        server: Words of the API server's own, where it has its own: for the schema's faults.
        rule: The rule that must find it; `schema` if the schema does.
    """

    id: str
    changes: Mapping[str, Any]
    field: str
    remedy: str
    server: str = ""
    rule: str = "schema"


BAD_SPECS = (
    # Names and headers.
    BadSpec(
        id="a job name with a dot, which labels allow but host names do not",
        changes={"metadata.name": "digits.v2"},
        field='metadata.name "digits.v2"',
        remedy="lower-case letters, digits and '-'",
        rule="job-name-malformed",
    ),
    BadSpec(
        id="a job name too long for a label",
        changes={"metadata.name": "d" * 64},
        field=f'metadata.name "{"d" * 64}"',
        remedy="at most 63",
        rule="job-name-malformed",
    ),
    BadSpec(
        id="an unknown field of the spec",
        changes={"spec.maxTrials": 3},
        field="spec.maxTrials",
        remedy="use one of objective, parameters",
        server='unknown field "spec.maxTrials"',
    ),
    BadSpec(
        id="a misspelt field deep down",
        changes={"spec.limits.maxParalellTrials": 3},
        field="spec.limits.maxParalellTrials",
        remedy="did you mean maxParallelTrials?",
        server="unknown field",
    ),
    BadSpec(
        id="a field in snake case",
        changes={"spec.limits.max_runtime": "1h"},
        field="spec.limits.max_runtime",
        remedy="did you mean maxRuntime?",
        server="unknown field",
    ),
    BadSpec(
        id="a strategy that is not there yet",
        changes={"spec.strategy.type": "Evolutionary"},
        field="spec.strategy.type",
        remedy="must be one of Grid, Random, Bayesian, Hyperband",
        server='supported values: "Grid", "Random", "Bayesian", "Hyperband"',
    ),
    BadSpec(
        id="a metrics source that is not there yet",
        changes={"spec.metrics.source": "TensorBoard"},
        field="spec.metrics.source",
        remedy="must be one of Stdout, File, Annotation",
        server='supported values: "Stdout", "File", "Annotation"',
    ),
    # The objective.
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
    # Parameters.
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
        id="a Float without min",
        changes={f"{P0}.min": REMOVED},
        field="spec.parameters[lr].min",
        remedy="needs min and max",
        rule="parameter-min-missing",
    ),
    BadSpec(
        id="an Integer without max",
        changes={f"{P1}.max": REMOVED},
        field="spec.parameters[hidden].max",
        remedy="needs min and max",
        rule="parameter-max-missing",
    ),
    BadSpec(
        id="a range upside down",
        changes={f"{P0}.min": 0.5, f"{P0}.max": 0.001},
        field="spec.parameters[lr].min is 0.5",
        remedy="must be smaller than max, which is 0.001: correct one of them",
        rule="parameter-min-not-below-max",
    ),
    BadSpec(
        id="a range of one value",
        changes={f"{P0}.min": 0.5},
        field="spec.parameters[lr].min is 0.5",
        remedy="write a value that does not vary into the template",
        rule="parameter-min-not-below-max",
    ),
    BadSpec(
        id="a bound in quotes",
        changes={f"{P0}.min": "0.001"},
        field=f"{P0}.min",
        remedy="write it without quotes",
        server="must be of type number",
    ),
    BadSpec(
        id="an Integer that starts at a half",
        changes={f"{P1}.min": 16.5},
        field="spec.parameters[hidden].min is 16.5",
        remedy="round it, or use the type Float",
        rule="parameter-min-not-whole",
    ),
    BadSpec(
        id="an Integer beyond what floats count exactly",
        changes={f"{P1}.max": 2**53 + 2},
        field="spec.parameters[hidden].max is 9.007199254740994e+15",
        remedy="must be a whole number between -2^53 and 2^53",
        rule="parameter-max-not-whole",
    ),
    BadSpec(
        id="an Integer with steps of a half",
        changes={f"{P1}.step": 0.5},
        field="spec.parameters[hidden].step is 0.5",
        remedy="round it, or use the type Float",
        rule="parameter-step-not-whole",
    ),
    BadSpec(
        id="a bound beyond reason",
        changes={f"{P0}.max": 1e19},
        field=f"{P0}.max",
        remedy="must be at most 1e+18",
        server="should be less than or equal to 1e+18",
    ),
    BadSpec(
        id="a step of nothing",
        changes={f"{P1}.step": 0},
        field=f"{P1}.step",
        remedy="must be more than 0",
        server="should be greater than 0",
    ),
    BadSpec(
        id="a step larger than the range",
        changes={f"{P1}.step": 241},
        field="spec.parameters[hidden].step is 241",
        remedy="use a smaller step, or a larger max",
        rule="parameter-step-beyond-range",
    ),
    BadSpec(
        id="a step too fine to be counted",
        changes={f"{P0}.step": 1e-30},
        field="spec.parameters[lr].step is 1e-30",
        remedy="use a larger step, or remove it",
        rule="parameter-step-too-fine",
    ),
    BadSpec(
        id="a logarithm of zero",
        changes={f"{P0}.min": 0},
        field="spec.parameters[lr].min is 0",
        remedy="raise it, or use the scale Linear",
        rule="parameter-min-not-above-zero",
    ),
    BadSpec(
        id="a reversed logarithm of an Integer",
        changes={f"{P1}.scale": "ReverseLog"},
        field="spec.parameters[hidden].scale is ReverseLog",
        remedy="use Linear or Log",
        rule="parameter-scale-reverse-log-of-integer",
    ),
    BadSpec(
        id="a reversed logarithm below zero",
        changes={f"{P0}.scale": "ReverseLog", f"{P0}.min": -0.1},
        field="spec.parameters[lr].min is -0.1",
        remedy="raise it, or use the scale Linear",
        rule="parameter-min-below-zero",
    ),
    BadSpec(
        id="a reversed logarithm up to one",
        changes={f"{P0}.scale": "ReverseLog", f"{P0}.max": 1},
        field="spec.parameters[lr].max is 1",
        remedy="lower it, for instance to 0.999",
        rule="parameter-max-not-below-one",
    ),
    BadSpec(
        id="an unknown scale",
        changes={f"{P0}.scale": "Log10"},
        field=f"{P0}.scale",
        remedy="must be one of Linear, Log, ReverseLog, Auto",
        server='supported values: "Linear", "Log", "ReverseLog", "Auto"',
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
    # The strategy.
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
        id="promotion without a checkpoint",
        changes={f"{HYPERBAND}.mode": "Promotion"},
        field="spec.checkpoint is missing: with the mode Promotion",
        remedy="Add a checkpoint volume, or set spec.strategy.hyperband.restartPromoted to true",
        rule="checkpoint-missing",
    ),
    BadSpec(
        id="synchronous brackets without a checkpoint",
        changes={f"{HYPERBAND}.mode": "Synchronous", f"{HYPERBAND}.restartPromoted": False},
        field="spec.checkpoint is missing: with the mode Synchronous",
        remedy="Add a checkpoint volume",
        rule="checkpoint-missing",
    ),
    BadSpec(
        id="promoted trials that restart and have a checkpoint",
        changes={
            f"{HYPERBAND}.mode": "Promotion",
            f"{HYPERBAND}.restartPromoted": True,
            "spec.checkpoint": {"persistentVolumeClaim": {"claimName": "models"}},
        },
        field=f"{HYPERBAND}.restartPromoted contradicts spec.checkpoint",
        remedy="remove one of them",
        rule="restart-promoted-with-checkpoint",
    ),
    BadSpec(
        id="promoted trials that restart, where none is promoted",
        changes={f"{HYPERBAND}.restartPromoted": True},
        field=f"{HYPERBAND}.restartPromoted",
        remedy="remove it, or use the mode Promotion or Synchronous",
        rule="restart-promoted-with-stopping",
    ),
    BadSpec(
        id="a checkpoint without a claim",
        changes={"spec.checkpoint": {"path": "/models"}},
        field="spec.checkpoint",
        remedy="set either persistentVolumeClaim.claimName",
        rule="checkpoint-without-one-claim",
    ),
    BadSpec(
        id="a checkpoint with two claims",
        changes={
            "spec.checkpoint": {
                "persistentVolumeClaim": {"claimName": "models"},
                "volumeClaimTemplate": {"spec": {}},
            }
        },
        field="spec.checkpoint",
        remedy="set either persistentVolumeClaim.claimName",
        rule="checkpoint-without-one-claim",
    ),
    *(
        BadSpec(
            id=f"a checkpoint path {fault}",
            changes={
                "spec.checkpoint": {"path": path, "persistentVolumeClaim": {"claimName": "models"}}
            },
            field=f'spec.checkpoint.path "{path}"',
            remedy="write an absolute path such as /checkpoints",
            rule="checkpoint-path-malformed",
        )
        for fault, path in {
            "that is relative": "models",
            "that goes up": "/models/../etc",
            "with a slash at its end": "/models/",
            "with a blank": "/my models",
        }.items()
    ),
    BadSpec(
        id="a seed below zero",
        changes={"spec.strategy.seed": -1},
        field="spec.strategy.seed",
        remedy="must be at least 0",
        server="should be greater than or equal to 0",
    ),
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
    BadSpec(
        id="a grid with a Float that has no step",
        changes=GRID,
        field="spec.parameters[lr].step",
        remedy="add one, or use the strategy Random",
        rule="grid-without-step",
    ),
    # Limits and ends.
    BadSpec(
        id="more trials in parallel than in all",
        changes={"spec.limits.maxTrials": 7},
        field="spec.limits.maxParallelTrials is 8",
        remedy="lower it, or raise maxTrials",
        rule="more-parallel-than-trials",
    ),
    BadSpec(
        id="a job that would never end",
        changes={**RANDOM, "spec.limits": REMOVED, "spec.completion": {}},
        field="spec.limits.maxTrials",
        remedy="set it, or spec.limits.maxRuntime, spec.limits.maxGpuHours",
        rule="job-without-end",
    ),
    BadSpec(
        id="no trial at all",
        changes={"spec.limits.maxTrials": 0},
        field="spec.limits.maxTrials",
        remedy="must be at least 1",
        server="should be greater than or equal to 1",
    ),
    BadSpec(
        id="a number of trials in quotes",
        changes={"spec.limits.maxTrials": "60"},
        field="spec.limits.maxTrials",
        remedy="write it without quotes",
        server="must be of type integer",
    ),
    BadSpec(
        id="no trial in parallel",
        changes={"spec.limits.maxParallelTrials": 0},
        field="spec.limits.maxParallelTrials",
        remedy="must be at least 1",
        server="should be greater than or equal to 1",
    ),
    BadSpec(
        id="a runtime in words",
        changes={"spec.limits.maxRuntime": "6 hours"},
        field='spec.limits.maxRuntime "6 hours"',
        remedy="such as 90s, 45m or 1h30m",
        rule="maxRuntime-malformed",
    ),
    BadSpec(
        id="a runtime of nothing",
        changes={"spec.limits.maxRuntime": "0h0s"},
        field='spec.limits.maxRuntime "0h0s"',
        remedy="more than 0",
        rule="maxRuntime-malformed",
    ),
    BadSpec(
        id="a runtime beyond ten years",
        changes={"spec.limits.maxRuntime": "87600h1s"},
        field='spec.limits.maxRuntime "87600h1s"',
        remedy="at most 87600h",
        rule="maxRuntime-malformed",
    ),
    BadSpec(
        id="a runtime beyond 64 bits of nanoseconds",
        changes={"spec.limits.maxRuntime": "999999999999h"},
        field='spec.limits.maxRuntime "999999999999h"',
        remedy="at most 87600h",
        rule="maxRuntime-malformed",
    ),
    BadSpec(
        id="a pending time with its units in the wrong order",
        changes={"spec.limits.maxPendingTime": "30s5m"},
        field='spec.limits.maxPendingTime "30s5m"',
        remedy="hours, minutes and seconds in this order",
        rule="maxPendingTime-malformed",
    ),
    BadSpec(
        id="a ConfigMap's name in capitals",
        changes={"spec.bestParametersConfigMap": "Best"},
        field='spec.bestParametersConfigMap "Best"',
        remedy="use lower-case letters, digits and '-'",
        rule="best-parameters-config-map-malformed",
    ),
    BadSpec(
        id="a retention in days",
        changes={"spec.retention.jobs": "7d"},
        field='spec.retention.jobs "7d"',
        remedy="hours, minutes and seconds",
        rule="jobs-malformed",
    ),
    BadSpec(
        id="a tolerance of one hundred per cent",
        changes={"spec.completion.notImproving": {"trials": 5, "tolerance": 1}},
        field="spec.completion.notImproving.tolerance",
        remedy="must be less than 1",
        server="should be less than 1",
    ),
    BadSpec(
        id="a convergence in words",
        changes={"spec.completion": {"convergence": "yes"}},
        field="spec.completion.convergence",
        remedy="true or false",
        server="must be of type boolean",
    ),
    BadSpec(
        id="only convergence, which may never come",
        changes={**RANDOM, "spec.limits": REMOVED, "spec.completion": {"convergence": True}},
        field="spec.limits.maxTrials",
        remedy="set it, or spec.limits.maxRuntime",
        rule="job-without-end",
    ),
    BadSpec(
        id="no GPU-hours at all",
        changes={"spec.limits.maxGpuHours": 0},
        field="spec.limits.maxGpuHours",
        remedy="must be more than 0",
        server="should be greater than 0",
    ),
    BadSpec(
        id="no improvement for no trials",
        changes={"spec.completion.notImproving": {"trials": 0}},
        field="spec.completion.notImproving.trials",
        remedy="must be at least 1",
        server="should be greater than or equal to 1",
    ),
    BadSpec(
        id="a target that is a text",
        changes={"spec.completion.target": "best"},
        field="spec.completion.target",
        remedy="must be a number",
        server="must be of type number",
    ),
    BadSpec(
        id="a run id with a capital letter",
        changes={"spec.runId": "Second"},
        field='spec.runId "Second"',
        remedy="use lower-case letters",
        rule="run-id-malformed",
    ),
    BadSpec(
        id="a suspend that is a text",
        changes={"spec.suspend": "yes"},
        field="spec.suspend",
        remedy="must be true or false: write it without quotes",
        server="must be of type boolean",
    ),
    # Metrics.
    BadSpec(
        id="a file without its path",
        changes={"spec.metrics.source": "File"},
        field="spec.metrics.path",
        remedy="such as /metrics/log.txt",
        rule="path-missing",
    ),
    BadSpec(
        id="a path without a file",
        changes={"spec.metrics.path": "/metrics/log.txt"},
        field='spec.metrics.path "/metrics/log.txt"',
        remedy="remove it, or change spec.metrics.source",
        rule="path-without-file",
    ),
    *(
        BadSpec(
            id=f"a metrics file {words}",
            changes={"spec.metrics": {"source": "File", "path": path}},
            field=f'spec.metrics.path "{path}"',
            remedy="write an absolute path such as /metrics/log.txt",
            rule="path-malformed",
        )
        for words, path in {
            "in the root directory": "/log.txt",
            "whose path is relative": "metrics/log.txt",
            "whose path climbs": "/metrics/../log.txt",
            "whose path has a colon, which mounts do not allow": "/a:b/log.txt",
            "whose path is a directory": "/metrics/",
        }.items()
    ),
    BadSpec(
        id="patterns for training code that reports by itself",
        changes={
            "spec.metrics": {
                "source": "Annotation",
                "patterns": [{"metric": "val_accuracy", "regex": "a=(?P<value>.*)"}],
            }
        },
        field="spec.metrics.patterns",
        remedy="remove it, or change spec.metrics.source",
        rule="patterns-with-annotation",
    ),
    BadSpec(
        id="a pattern for a metric that nobody asked for",
        changes={
            "spec.metrics.patterns": [
                {"metric": "val_accuracy", "regex": "acc (?P<value>.*)"},
                {"metric": "f1", "regex": "f1 (?P<value>.*)"},
            ]
        },
        field='spec.metrics.patterns: "f1"',
        remedy="add it to spec.objective.additionalMetrics",
        rule="pattern-of-unknown-metric",
    ),
    BadSpec(
        id="patterns that leave the objective out",
        changes={"spec.metrics.patterns": [{"metric": "val_loss", "regex": "loss (?P<value>.*)"}]},
        field="spec.metrics.patterns",
        remedy='no pattern for the objective metric "val_accuracy", so it would never be found',
        rule="objective-without-pattern",
    ),
    *(
        BadSpec(
            id=f"a pattern with {words}",
            changes={"spec.metrics.patterns": [{"metric": "val_accuracy", "regex": regex}]},
            field="spec.metrics.patterns[val_accuracy].regex",
            remedy="leave out look-around, back-references",
            rule="regex-not-shared",
        )
        for words, regex in {
            "a look-ahead": "acc=(?P<value>[0-9.]+)(?=%)",
            "a look-behind": "(?<=acc=)(?P<value>[0-9.]+)",
            "a back-reference": "(a)=(?P<value>.*)\\1",
            "a named back-reference": "(?P<value>.*)(?P=value)",
            "a possessive quantifier": "(?P<value>.*+)",
            "a POSIX class": "(?P<value>[[:digit:]]+)",
            "a Unicode class": "(?P<value>\\pN+)",
            "a count without its start": "(?P<value>a{,3})",
            "a brace that stands for itself": '{"acc": (?P<value>.*)}',
            "a group of another name": "(?P<metric>acc)=(?P<value>.*)",
            "an anchor that only Python knows": "(?P<value>.*)\\Z",
        }.items()
    ),
    *(
        BadSpec(
            id=f"a pattern with {words}",
            changes={"spec.metrics.patterns": [{"metric": "val_accuracy", "regex": regex}]},
            field="spec.metrics.patterns[val_accuracy].regex",
            remedy="put a group named value around it",
            rule="regex-without-value",
        )
        for words, regex in {
            "no group": "acc=.*",
            "a group without a name": "acc=(.*)",
            "its group escaped": "acc=\\(?P<value>.*",
            "its group in a class": "acc=[(?P<value>)]",
        }.items()
    ),
    *(
        BadSpec(
            id=f"a pattern with {words}",
            changes={"spec.metrics.patterns": [{"metric": "val_accuracy", "regex": regex}]},
            field="spec.metrics.patterns",
            remedy="close every group and give ranges and counts in ascending order",
            rule="regex-broken",
        )
        for words, regex in {
            "an open group": "acc=(?P<value>.*",
            "a group closed twice": "acc=(?P<value>.*))",
            "a range upside down": "acc=(?P<value>[9-0]+)",
            "a count upside down": "acc=(?P<value>[0-9]{3,1})",
            "counts of counts beyond a thousand": "(?P<value>(?:a{40}){40})",
        }.items()
    ),
    *(
        BadSpec(
            id=f"a pattern with two groups named {name}",
            changes={"spec.metrics.patterns": [{"metric": "val_accuracy", "regex": regex}]},
            field="spec.metrics.patterns[val_accuracy].regex",
            remedy="keep one, and make the other (?:...)",
            rule="regex-repeats-group",
        )
        for name, regex in {
            "value": "(?P<value>a)|(?P<value>b)",
            "step": "(?P<step>a)(?P<value>.*)(?P<step>b)",
        }.items()
    ),
    # The template.
    BadSpec(
        id="no template",
        changes={"spec.trial.template": REMOVED},
        field="spec.trial.template",
        remedy="add it",
        server="Required value",
    ),
    BadSpec(
        id="a pod's spec where a Job's is wanted",
        changes={"spec.trial.template": {"spec": {"containers": [{"name": "train"}]}}},
        field="spec.trial.template.spec.template",
        remedy="add it. The pod template",
        server="Required value",
    ),
    BadSpec(
        id="no containers",
        changes={f"{POD}.containers": []},
        field=f"{POD}.containers",
        remedy="must have from 1 to 50 items",
        server="should have at least 1 items",
    ),
    BadSpec(
        id="a container without a name",
        changes={f"{POD}.containers[0].name": REMOVED},
        field=f"{POD}.containers[0].name",
        remedy="add it",
        server="Required value",
    ),
    BadSpec(
        id="containers that are not a list",
        changes={f"{POD}.containers": "train"},
        field=f"{POD}.containers",
        remedy="must be a list",
        server="must be of type array",
    ),
    BadSpec(
        id="a pod that restarts",
        changes={f"{POD}.restartPolicy": "OnFailure"},
        field=f'{POD}.restartPolicy is "OnFailure"',
        remedy="use Never, or remove it",
        rule="restart-policy-not-never",
    ),
    BadSpec(
        id="a container with the sidecar's name",
        changes={f"{POD}.containers[0].name": "kubetune-collector"},
        field=f"{POD}.containers[].name kubetune-collector",
        remedy="use another name",
        rule="container-is-collector",
    ),
    BadSpec(
        id="a training container that the template does not have",
        changes={"spec.metrics.container": "trainer"},
        field='spec.metrics.container "trainer"',
        remedy='whose first one is "train": correct the name',
        rule="container-not-in-template",
    ),
    # Parts of the template to which Kubetune adds something.
    BadSpec(
        id="labels of the template that are a list",
        changes={"spec.trial.template.metadata.labels": ["team-a"]},
        field="spec.trial.template.metadata.labels",
        remedy="must be an object",
        server="must be of type object",
    ),
    BadSpec(
        id="metadata of the pod that is a text",
        changes={"spec.trial.template.spec.template.metadata": "team-a"},
        field="spec.trial.template.spec.template.metadata",
        remedy="must be an object",
        server="must be of type object",
    ),
    BadSpec(
        id="a label that is a number",
        changes={"spec.trial.template.metadata.labels.team": 7},
        field="spec.trial.template.metadata.labels.team",
        remedy="must be a text",
        server="must be of type string",
    ),
    BadSpec(
        id="environment variables as a map",
        changes={f"{POD}.containers[0].env": {"SEED": "7"}},
        field=f"{POD}.containers[0].env",
        remedy="must be a list",
        server="unknown field",
    ),
    BadSpec(
        id="environment variables as texts",
        changes={f"{POD}.containers[0].env": ["SEED=7"]},
        field=f"{POD}.containers[0].env[0]",
        remedy="must be an object",
        server="must be of type object",
    ),
    BadSpec(
        id="init containers as a map",
        changes={f"{POD}.initContainers": {"prepare": {}}},
        field=f"{POD}.initContainers",
        remedy="must be a list",
        server="unknown field",
    ),
    BadSpec(
        id="volumes as a map",
        changes={f"{POD}.volumes": {"data": {}}},
        field=f"{POD}.volumes",
        remedy="must be a list",
        server="unknown field",
    ),
    BadSpec(
        id="a mount as a text",
        changes={f"{POD}.containers[0].volumeMounts": ["/data"]},
        field=f"{POD}.containers[0].volumeMounts[0]",
        remedy="must be an object",
        server="must be of type object",
    ),
)
