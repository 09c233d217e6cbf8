from pathlib import Path
from typing import Any

import pytest

from kubetune.local.limitations import limitations
from kubetune.local.rendering import Machine
from kubetune.local.store import Store
from kubetune.local.workshop import Workshop, missing_command
from tests.local.local_builders import machine, manifest, opened


def told(body: dict[str, Any], here: Machine | None = None) -> list[str]:
    here = here or machine()
    world = opened(body).world
    workshop = Workshop(world, Store(Path("/kept")), here)
    return list(limitations(world.spec, workshop.first, here, program="/usr/bin/python3"))


def test_a_plain_job_is_told_of_its_image_alone() -> None:
    want = ["image registry.example/toy:1 is not used; python3 is /usr/bin/python3"]
    assert told(manifest()) == want


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(
            manifest(container={"resources": {"limits": {"nvidia.com/gpu": 2}}}),
            "resources are neither reserved nor limited (nvidia.com/gpu 2)",
            id="resources",
        ),
        pytest.param(
            manifest(container={"workingDir": "/app"}),
            "workingDir /app does not exist; trials run in /here",
            id="working directory",
        ),
        pytest.param(
            manifest(container={"livenessProbe": {"exec": {}}, "securityContext": {"a": 1}}),
            "of container train, these mean nothing here: livenessProbe, securityContext",
            id="probes",
        ),
        pytest.param(
            manifest(
                container={
                    "env": [
                        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
                    ]
                }
            ),
            "variable KEY is not set (it comes from secret s, key k)",
            id="secret",
        ),
        pytest.param(
            manifest(container={"envFrom": [{"configMapRef": {"name": "settings"}}]}),
            "the variables of config map settings are not set",
            id="variables from a config map",
        ),
        pytest.param(
            manifest(
                container={"volumeMounts": [{"name": "v", "mountPath": "/data"}]},
                pod={"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "c"}}]},
            ),
            "volume v is the directory /kept/volumes/c instead, empty at first",
            id="claim",
        ),
        pytest.param(
            manifest(
                container={"volumeMounts": [{"name": "v", "mountPath": "/data"}]},
                pod={"volumes": [{"name": "v", "hostPath": {"path": "/mnt/data"}}]},
            ),
            "volume v (hostPath) is missing: /mnt/data does not exist",
            id="host path that is not here",
        ),
        pytest.param(
            manifest(
                container={"volumeMounts": [{"name": "v", "mountPath": "/tmp/x"}]},  # noqa: S108
                pod={"volumes": [{"name": "v", "emptyDir": {}}]},
            ),
            "volume v is a directory of each attempt; /tmp/x is written anew",
            id="empty directory",
        ),
        pytest.param(
            manifest(
                pod={
                    "initContainers": [{"name": "fetch", "image": "i"}],
                    "containers": [
                        {"name": "train", "image": "i", "command": ["a", "$(params.x)"]},
                        {"name": "helper", "image": "i"},
                    ],
                }
            ),
            "containers that are left out: helper, fetch",
            id="other containers",
        ),
        pytest.param(
            manifest(pod={"nodeSelector": {"a": "b"}, "serviceAccountName": "s"}),
            "of the pod, these mean nothing here: serviceAccountName, nodeSelector",
            id="placement",
        ),
        pytest.param(
            manifest(job={"completions": 1, "parallelism": 4, "suspend": True}),
            "of the Job, these mean nothing here: parallelism: 4, suspend",
            id="job",
        ),
        pytest.param(
            manifest(metrics={"source": "Annotation"}),
            "there is no pod to annotate: metrics are read from the output, from lines such as "
            "loss=0.5",
            id="annotation",
        ),
        pytest.param(
            manifest(warmStart={"from": ["a", "b"], "type": "TransferLearning"}),
            "warmStart is left out: the search begins without the results of a, b",
            id="warm start",
        ),
    ],
)
def test_what_only_a_cluster_can_give_is_named_once(body: dict[str, Any], words: str) -> None:
    sentences = told(body)
    assert len([sentence for sentence in sentences if words in sentence]) == 1, sentences
    assert len(sentences) == 2, "and nothing else but the image"


def test_a_container_without_command_cannot_be_run_and_is_told_so() -> None:
    body = manifest(
        pod={"containers": [{"name": "train", "image": "i", "args": ["--x=$(params.x)"]}]}
    )
    fault = missing_command(opened(body).world.spec)
    assert fault is not None
    assert fault.path == "spec.trial.template.spec.template.spec.containers[0]"
    assert "(train) has no command" in fault.message
    assert missing_command(opened(manifest()).world.spec) is None
