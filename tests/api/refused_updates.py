"""Changes to a running TuningJob that are refused, and what the refusal says."""

from typing import Any

from tests.api.job_builder import POD, REMOVED
from tests.api.updates import Update

NEW_RUN = "set a new spec.runId in the same update"

TEMPLATE_CHANGES: dict[str, dict[str, Any]] = {
    "the image": {f"{POD}.containers[0].image": "registry.example/digits:2"},
    "one argument": {f"{POD}.containers[0].args[0]": "--rate=$(params.lr)"},
    "the GPUs": {f"{POD}.containers[0].resources.limits": {"nvidia.com/gpu": 2}},
    "a field that only the Job knows": {"spec.trial.template.spec.backoffLimit": 1},
    "labels added": {"spec.trial.template.metadata": {"labels": {"a": "b"}}},
    "a field taken away": {f"{POD}.containers[0].command": REMOVED},
    "a container more": {f"{POD}.containers[1]": {"name": "sidecar"}},
    "the restart policy written out": {f"{POD}.restartPolicy": "Never"},
}

REFUSED = (
    Update(
        id="a checkpoint added",
        changes={"spec.checkpoint": {"persistentVolumeClaim": {"claimName": "models"}}},
        field="spec.checkpoint",
        remedy=NEW_RUN,
        rule="checkpoint-changed",
    ),
    Update(
        id="the goal",
        changes={"spec.objective.goal": "Minimize"},
        field="spec.objective",
        remedy=NEW_RUN,
        rule="objective-changed",
    ),
    Update(
        id="an additional metric",
        changes={"spec.objective.additionalMetrics": []},
        field="spec.objective",
        remedy=NEW_RUN,
        rule="objective-changed",
    ),
    Update(
        id="a bound",
        changes={"spec.parameters[0].max": 0.25},
        field="spec.parameters",
        remedy=NEW_RUN,
        rule="parameters-changed",
    ),
    Update(
        id="one more parameter",
        changes={"spec.parameters[3]": {"name": "x", "type": "Integer", "min": 1, "max": 2}},
        field="spec.parameters",
        remedy=NEW_RUN,
        rule="parameters-changed",
    ),
    Update(
        id="a scale taken away",
        changes={"spec.parameters[0].scale": REMOVED},
        field="spec.parameters",
        remedy=NEW_RUN,
        rule="parameters-changed",
    ),
    Update(
        id="the order of values, by which a grid counts",
        changes={"spec.parameters[2].values": ["tanh", "relu"]},
        field="spec.parameters",
        remedy=NEW_RUN,
        rule="parameters-changed",
    ),
    Update(
        id="the order of parameters, by which a grid counts",
        before={"spec.parameters[3]": {"name": "x", "type": "Integer", "min": 1, "max": 2}},
        changes={
            "spec.parameters[2]": {"name": "x", "type": "Integer", "min": 1, "max": 2},
            "spec.parameters[3]": {
                "name": "activation",
                "type": "Categorical",
                "values": ["relu", "tanh"],
            },
        },
        field="spec.parameters",
        remedy=NEW_RUN,
        rule="parameters-changed",
    ),
    Update(
        id="the seed",
        changes={"spec.strategy.seed": 8},
        field="spec.strategy",
        remedy=NEW_RUN,
        rule="strategy-changed",
    ),
    Update(
        id="the seed taken away",
        changes={"spec.strategy.seed": REMOVED},
        field="spec.strategy",
        remedy=NEW_RUN,
        rule="strategy-changed",
    ),
    Update(
        id="initial trials added",
        changes={"spec.initialTrials": [{"parameters": {"lr": 0.1}}]},
        field="spec.initialTrials",
        remedy=NEW_RUN,
        rule="initialTrials-changed",
    ),
    Update(
        id="a value of an initial trial",
        before={"spec.initialTrials": [{"parameters": {"lr": 0.1}}]},
        changes={"spec.initialTrials[0].parameters.lr": 0.2},
        field="spec.initialTrials",
        remedy=NEW_RUN,
        rule="initialTrials-changed",
    ),
    Update(
        id="the order of initial trials",
        before={"spec.initialTrials": [{"parameters": {"lr": 0.1}}, {"parameters": {}}]},
        changes={"spec.initialTrials": [{"parameters": {}}, {"parameters": {"lr": 0.1}}]},
        field="spec.initialTrials",
        remedy=NEW_RUN,
        rule="initialTrials-changed",
    ),
    Update(
        id="a parent more",
        before={"spec.warmStart": {"from": ["a"], "type": "TransferLearning"}},
        changes={"spec.warmStart.from": ["a", "b"]},
        field="spec.warmStart",
        remedy=NEW_RUN,
        rule="warmStart-changed",
    ),
    Update(
        id="a fixed value of a warm start",
        before={"spec.warmStart": {"from": ["a"], "type": "TransferLearning", "fixed": {"x": 1}}},
        changes={"spec.warmStart.fixed.x": 2},
        field="spec.warmStart",
        remedy=NEW_RUN,
        rule="warmStart-changed",
    ),
    Update(
        id="a warm start taken away",
        before={"spec.warmStart": {"from": ["a"], "type": "TransferLearning"}},
        changes={"spec.warmStart": REMOVED},
        field="spec.warmStart",
        remedy=NEW_RUN,
        rule="warmStart-changed",
    ),
    Update(
        id="early stopping added",
        changes={"spec.earlyStopping": {}},
        field="spec.earlyStopping",
        remedy=NEW_RUN,
        rule="earlyStopping-changed",
    ),
    Update(
        id="early stopping taken away",
        before={"spec.earlyStopping": {"type": "Off"}},
        changes={"spec.earlyStopping": REMOVED},
        field="spec.earlyStopping",
        remedy=NEW_RUN,
        rule="earlyStopping-changed",
    ),
    Update(
        id="the metrics' source",
        changes={"spec.metrics.source": "Annotation"},
        field="spec.metrics",
        remedy=NEW_RUN,
        rule="metrics-changed",
    ),
    Update(
        id="the order of patterns",
        before={
            "spec.metrics.patterns": [
                {"metric": "val_accuracy", "regex": "a(?P<value>.)"},
                {"metric": "val_accuracy", "regex": "b(?P<value>.)"},
            ]
        },
        changes={
            "spec.metrics.patterns": [
                {"metric": "val_accuracy", "regex": "b(?P<value>.)"},
                {"metric": "val_accuracy", "regex": "a(?P<value>.)"},
            ]
        },
        field="spec.metrics",
        remedy=NEW_RUN,
        rule="metrics-changed",
    ),
    *(
        Update(
            id=f"of the template, {words}",
            changes=changes,
            field="spec.trial",
            remedy=NEW_RUN,
            rule="trial-changed",
        )
        for words, changes in TEMPLATE_CHANGES.items()
    ),
    Update(
        id="the template, with the run id that is already there",
        before={"spec.runId": "a"},
        changes={f"{POD}.containers[0].image": "registry.example/digits:2"},
        field="spec.trial",
        remedy=NEW_RUN,
        rule="trial-changed",
    ),
    Update(
        id="the run id taken away",
        before={"spec.runId": "a"},
        changes={"spec.runId": REMOVED},
        field="spec.runId",
        remedy="keep it, or set a new one",
        rule="run-id-removed",
    ),
    Update(
        id="stop taken back",
        before={"spec.stop": True},
        changes={"spec.stop": False},
        field="spec.stop",
        remedy="to pause a job use spec.suspend",
        rule="stop-taken-back",
    ),
    Update(
        id="stop taken away",
        before={"spec.stop": True},
        changes={"spec.stop": REMOVED},
        field="spec.stop",
        remedy=NEW_RUN,
        rule="stop-taken-back",
    ),
)
