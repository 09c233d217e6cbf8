"""Changes to a running TuningJob that are allowed."""

from tests.api.job_builder import POD, REMOVED
from tests.api.updates import Update

ALLOWED = (
    Update(id="nothing", changes={}),
    Update(id="suspend", changes={"spec.suspend": False}),
    Update(id="stop", changes={"spec.stop": True}),
    Update(id="limits", changes={"spec.limits": {"maxTrials": 99, "maxRuntime": "2h"}}),
    Update(id="completion", changes={"spec.completion": {"target": 0.9}}),
    Update(
        id="completion taken away",
        before={"spec.completion": {"target": 0.9}},
        changes={"spec.completion": REMOVED},
    ),
    Update(
        id="initial trials written with other spaces and points",
        before={"spec.initialTrials": [{"parameters": {"lr": 1}}]},
        changes={"spec.initialTrials": [{"parameters": {"lr": 1.0}}]},
    ),
    Update(id="a ConfigMap for the result", changes={"spec.bestParametersConfigMap": "best"}),
    Update(
        id="parents in another order",
        before={"spec.warmStart": {"from": ["a", "b"], "type": "TransferLearning"}},
        changes={"spec.warmStart.from": ["b", "a"]},
    ),
    Update(id="retention", changes={"spec.retention": {"jobs": "5m"}}),
    Update(id="labels", changes={"metadata.labels": {"team": "vision"}}),
    Update(id="a default written out", changes={"spec.metrics": {"source": "Stdout"}}),
    Update(id="a whole bound with a point", changes={"spec.parameters[1].min": 16.0}),
    Update(
        id="additional metrics in another order",
        before={"spec.objective.additionalMetrics": ["a", "b"]},
        changes={"spec.objective.additionalMetrics": ["b", "a"]},
    ),
    Update(id="a first run id", changes={"spec.runId": "b"}),
    Update(
        id="anything in a new run",
        before={"spec.runId": "a", "spec.stop": True},
        changes={
            "spec.runId": "b",
            "spec.stop": False,
            "spec.objective.goal": "Minimize",
            "spec.parameters[0].max": 0.25,
            "spec.strategy.seed": REMOVED,
            "spec.earlyStopping": {"type": "Off"},
            "spec.metrics.container": "train",
            f"{POD}.containers[0].image": "registry.example/digits:2",
        },
    ),
)
