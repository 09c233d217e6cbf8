"""Which cluster is used, and what is said about one that lacks something."""

from pathlib import Path
from typing import Any

import pytest

from tests.cluster.errors import BringUpError
from tests.cluster.layout import Layout
from tests.cluster.target import Target, missing_needs, resolve_target

LAYOUT = Layout(repository=Path("/repo"), state=Path("/state"), cache=Path("/cache"))
KIND = Target(Path("/kind/config"), "kind-lab", own=False)
CLOUD = Target(Path("/cloud/config"), "cloud", own=False)
IMAGES = ["operator", "collector", "trainer"]


def make_node(*, gpus: str | None = "1", images: list[str] | None = None) -> dict[str, Any]:
    names = [f"docker.io/kubetune/{name}:dev" for name in (IMAGES if images is None else images)]
    return {
        "metadata": {"name": "worker"},
        "status": {
            "allocatable": {"cpu": "4"} | ({"nvidia.com/gpu": gpus} if gpus else {}),
            "images": [{"names": [name]} for name in names],
        },
    }


def test_without_a_word_our_own_cluster_is_used() -> None:
    assert resolve_target({}, LAYOUT) == Target(Path("/state/kubeconfig"), "kubetune", own=True)


def test_a_named_cluster_is_used_and_is_not_ours(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "config"
    kubeconfig.touch()
    environment = {"KUBETUNE_KUBECONFIG": str(kubeconfig), "KUBETUNE_CONTEXT": "lab"}

    assert resolve_target(environment, LAYOUT) == Target(kubeconfig, "lab", own=False)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        pytest.param(
            {"KUBETUNE_KUBECONFIG": "/x"},
            "KUBETUNE_KUBECONFIG is set but KUBETUNE_CONTEXT is not",
            id="a file without a context",
        ),
        pytest.param(
            {"KUBETUNE_CONTEXT": "x"},
            "KUBETUNE_CONTEXT is set but KUBETUNE_KUBECONFIG is not",
            id="a context without a file",
        ),
        pytest.param(
            {"KUBETUNE_KUBECONFIG": "/no/such/file", "KUBETUNE_CONTEXT": "x"},
            "names /no/such/file, which is not a file",
            id="a file that is not there",
        ),
    ],
)
def test_half_a_name_is_refused(environment: dict[str, str], message: str) -> None:
    with pytest.raises(BringUpError, match=message):
        resolve_target(environment, LAYOUT)


def test_a_cluster_with_gpus_and_images_lacks_nothing() -> None:
    assert missing_needs([make_node()], target=KIND, environment={}) == ()


def test_a_missing_gpu_is_said_with_the_command_that_provides_it() -> None:
    (need,) = missing_needs([make_node(gpus=None)], target=KIND, environment={})

    assert "no node offers nvidia.com/gpu" in need.what
    assert need.commands == (
        (
            "kubectl --kubeconfig /kind/config --context kind-lab patch node worker"
            ' --subresource=status --patch \'{"status":{"capacity":{"nvidia.com/gpu":"8"},'
            '"allocatable":{"nvidia.com/gpu":"8"}}}\''
        ),
    )


def test_another_gpu_resource_may_be_named() -> None:
    (need,) = missing_needs(
        [make_node()], target=KIND, environment={"KUBETUNE_GPU_RESOURCE": "amd.com/gpu"}
    )

    assert "no node offers amd.com/gpu" in need.what


@pytest.mark.parametrize(
    ("target", "want"),
    [
        pytest.param(
            KIND,
            ("kind load docker-image --name lab kubetune/trainer:dev",),
            id="kind takes it from docker",
        ),
        pytest.param(
            CLOUD,
            (
                (
                    "docker tag kubetune/trainer:dev REGISTRY/kubetune/trainer:dev"
                    " && docker push REGISTRY/kubetune/trainer:dev"
                ),
                "export KUBETUNE_TRAINER_IMAGE=REGISTRY/kubetune/trainer:dev",
            ),
            id="others pull it from a registry",
        ),
    ],
)
def test_a_missing_image_is_said_with_the_commands_that_provide_it(
    target: Target, want: tuple[str, ...]
) -> None:
    node = make_node(images=["operator", "collector"])

    (need,) = missing_needs([node], target=target, environment={})

    assert need.what == "no node is seen to hold the image kubetune/trainer:dev:"
    assert need.commands == (
        "docker build --tag kubetune/trainer:dev manifests/samples/trainer",
        *want,
    )


def test_an_image_with_a_name_of_the_users_own_is_taken_to_be_pullable() -> None:
    node = make_node(images=["operator", "collector"])
    environment = {"KUBETUNE_TRAINER_IMAGE": "registry.example/trainer:1"}

    assert missing_needs([node], target=CLOUD, environment=environment) == ()


def test_images_count_where_the_gpus_are() -> None:
    nodes = [make_node(gpus=None), make_node(images=[])]

    needs = missing_needs(nodes, target=KIND, environment={})

    assert [need.commands[-1].split("/")[-1] for need in needs] == [f"{x}:dev" for x in IMAGES]
