"""Jobs of trials, built from small specs, and the parts of them that tests look at."""

from collections.abc import Mapping
from typing import Any

from kubetune.api.parameters import ParameterValue
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.sidecar import Sidecar
from kubetune.trialjob.identity import TrialIdentity
from kubetune.trialjob.job import build_trial_job
from tests.controller.specs import make_spec, template

TRAIN = {
    "name": "train",
    "image": "trainer:1",
    "command": ["python", "train.py", "--lr=$(params.lr)", "--name=$(trial.name)"],
}


def identity(
    parameters: Mapping[str, ParameterValue] | None = None,
    *,
    run_id: str | None = None,
    resource: int | None = None,
    trained: int = 0,
) -> TrialIdentity:
    return TrialIdentity(
        namespace="team-a",
        tuning_job="digits",
        run_id=run_id,
        name="digits-3" if run_id is None else f"digits-{run_id}-3",
        uid="trial-uid",
        index=3,
        parameters=parameters if parameters is not None else {"lr": 0.1},
        resource=resource,
        trained=trained,
    )


def build(
    spec: TuningJobSpec, trial: TrialIdentity | None = None, *, rungs: tuple[int, ...] = ()
) -> dict[str, Any]:
    return build_trial_job(
        spec, trial or identity(), sidecar=Sidecar(image="kubetune-collector:1"), rungs=rungs
    )


def pod_of(job: dict[str, Any]) -> dict[str, Any]:
    pod: dict[str, Any] = job["spec"]["template"]["spec"]
    return pod


def container_of(job: dict[str, Any], name: str) -> dict[str, Any]:
    pod = pod_of(job)
    everyone = [*pod.get("initContainers", []), *pod["containers"]]
    found: dict[str, Any] = next(c for c in everyone if c["name"] == name)
    return found


def variables_of(container: Mapping[str, Any]) -> dict[str, str]:
    return {variable["name"]: variable.get("value", "") for variable in container["env"]}


def as_the_kubelet_expands(text: str) -> str:
    """`$$` stands for `$`; the values of these tests name no variable."""
    return text.replace("$$", "$")


CASES = {
    "stdout": build(make_spec(job_template=template(containers=[TRAIN]))),
    "file": build(
        make_spec(
            source="File",
            metrics={"path": "/training/logs/metrics.txt"},
            job_template=template(containers=[TRAIN]),
        )
    ),
    "annotation": build(
        make_spec(source="Annotation", job_template=template(containers=[TRAIN])),
    ),
    "hyperband": build(
        make_spec(
            "Hyperband",
            additional=["loss"],
            metrics={
                "container": "train",
                "patterns": [{"metric": "accuracy", "regex": "acc=(?P<value>.*)$"}],
            },
            job_template=template(
                containers=[
                    {"name": "web", "image": "web:1"},
                    {**TRAIN, "args": ["--steps=$(trial.resource)", "--seed=$(trial.index)"]},
                ]
            ),
        ),
        identity(run_id="second", resource=9),
        rungs=(1, 3, 9),
    ),
    "checkpoint": build(
        make_spec(
            "Hyperband",
            hyperband={"mode": "Promotion", "maxResource": 9},
            checkpoint={"path": "/models", "persistentVolumeClaim": {"claimName": "shared"}},
            job_template=template(
                containers=[
                    {**TRAIN, "args": ["--epochs=$(trial.resource)"]},
                    {"name": "web", "image": "web:1"},
                ]
            ),
        ),
        identity(run_id="second", resource=9, trained=3),
        rungs=(1, 3, 9),
    ),
    "users-own-choices": build(
        make_spec(
            retention={"jobs": "30m"},
            job_template=template(
                containers=[
                    {
                        **TRAIN,
                        "env": [
                            {"name": "KUBETUNE_TRIAL", "value": "mine"},
                            {"name": "DATA", "value": "/data"},
                        ],
                        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
                        "resources": {"limits": {"nvidia.com/gpu": 1}},
                        "terminationMessagePolicy": "File",
                    }
                ],
                pod={
                    "serviceAccountName": "mine",
                    "terminationGracePeriodSeconds": 120,
                    "initContainers": [{"name": "fetch", "image": "fetch:1"}],
                    "volumes": [{"name": "data", "emptyDir": {}}],
                    "tolerations": [{"key": "gpu", "operator": "Exists"}],
                },
                pod_labels={"team": "vision", "kubetune.dev/trial": "not-this-one"},
                backoffLimit=2,
                podFailurePolicy={
                    "rules": [
                        {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [42]}}
                    ]
                },
                ttlSecondsAfterFinished=60,
                activeDeadlineSeconds=600,
                suspend=True,
            )
            | {"metadata": {"labels": {"kueue.x-k8s.io/queue-name": "gpus"}, "annotations": {}}},
        )
    ),
}
