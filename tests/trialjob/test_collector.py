"""The sidecar: where it stands, what it may do, and what it is told to collect."""

import json

import pytest

from kubetune.api.names import COLLECTOR_CONTAINER
from tests.trialjob.trial_jobs import (
    CASES,
    as_the_kubelet_expands,
    container_of,
    pod_of,
    variables_of,
)


@pytest.mark.parametrize("name", sorted(set(CASES) - {"annotation"}))
def test_the_collector_is_a_native_sidecar_after_the_users_init_containers(name: str) -> None:
    last = pod_of(CASES[name])["initContainers"][-1]
    assert (last["name"], last["restartPolicy"]) == (COLLECTOR_CONTAINER, "Always")


def test_the_annotation_source_needs_no_sidecar() -> None:
    assert "initContainers" not in pod_of(CASES["annotation"])


@pytest.mark.parametrize("name", sorted(set(CASES) - {"annotation"}))
def test_the_collector_passes_the_restricted_pod_security_profile(name: str) -> None:
    sidecar = container_of(CASES[name], COLLECTOR_CONTAINER)
    security = sidecar["securityContext"]
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["runAsNonRoot"] is True
    assert security.get("runAsUser") != 0
    assert security["seccompProfile"]["type"] in ("RuntimeDefault", "Localhost")
    assert not {"privileged", "procMount"} & set(security)
    assert all("hostPort" not in port for port in sidecar.get("ports", []))


def test_the_collector_knows_what_to_collect() -> None:
    sidecar = container_of(CASES["hyperband"], COLLECTOR_CONTAINER)
    told = json.loads(as_the_kubelet_expands(variables_of(sidecar)["KUBETUNE_COLLECT"]))
    assert told == {
        "source": "Stdout",
        "container": "train",
        "objective": "accuracy",
        "goal": "Maximize",
        "metrics": ["accuracy", "loss"],
        "patterns": [{"metric": "accuracy", "regex": "acc=(?P<value>.*)$"}],
        "rungs": [1, 3, 9],
    }


def test_the_metrics_file_is_on_a_volume_that_the_sidecar_can_only_read() -> None:
    job = CASES["file"]
    (written,) = container_of(job, "train")["volumeMounts"]
    read = container_of(job, COLLECTOR_CONTAINER)["volumeMounts"][-1]
    assert written == {"name": "kubetune-metrics", "mountPath": "/training/logs"}
    assert read == {**written, "readOnly": True}
