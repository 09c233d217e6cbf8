"""What a trial's pod may do: the token is in one container, and every rule is kept."""

import pytest

from kubetune.api.names import COLLECTOR_CONTAINER
from tests.trialjob.trial_jobs import CASES, pod_of


@pytest.mark.parametrize("name", CASES)
def test_the_token_is_mounted_in_one_container_alone(name: str) -> None:
    pod = pod_of(CASES[name])
    holders = [
        container["name"]
        for container in [*pod.get("initContainers", []), *pod["containers"]]
        if any(mount["name"] == "kubetune-token" for mount in container.get("volumeMounts", []))
    ]
    assert holders == (["train"] if name == "annotation" else [COLLECTOR_CONTAINER])


@pytest.mark.parametrize("name", ["stdout", "file", "annotation", "hyperband"])
def test_training_code_gets_no_token_that_it_did_not_ask_for(name: str) -> None:
    assert pod_of(CASES[name])["automountServiceAccountToken"] is False


@pytest.mark.parametrize("name", CASES)
def test_the_volumes_that_we_add_pass_the_restricted_pod_security_profile(name: str) -> None:
    for volume in pod_of(CASES[name])["volumes"]:
        allowed = {"configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret"}
        assert allowed & set(volume)
