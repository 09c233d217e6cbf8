"""Faults of `spec.trial.template`."""

from tests.api.bad_specs.bad_spec import BadSpec
from tests.api.job_builder import POD, REMOVED

TEMPLATE = (
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
