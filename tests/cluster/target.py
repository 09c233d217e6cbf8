"""Which cluster to use: our own on this machine, or one that the caller named explicitly."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kubernetes import client, config

from tests.cluster.errors import BringUpError
from tests.cluster.layout import CONTEXT_NAME, GPU_RESOURCE, Layout, default_layout

KUBECONFIG_VARIABLE: Final = "KUBETUNE_KUBECONFIG"
CONTEXT_VARIABLE: Final = "KUBETUNE_CONTEXT"
GPU_VARIABLE: Final = "KUBETUNE_GPU_RESOURCE"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredImage:
    """An image that the demo and the tests run, and how to build it.

    `variable` overrides `name` where the cluster pulls it from somewhere else.
    """

    name: str
    variable: str
    build: str


IMAGES: Final = (
    RequiredImage(
        name="kubetune/operator:dev",
        variable="KUBETUNE_OPERATOR_IMAGE",
        build="docker build --file operator/Dockerfile --target operator --tag {image} .",
    ),
    RequiredImage(
        name="kubetune/collector:dev",
        variable="KUBETUNE_COLLECTOR_IMAGE",
        build="docker build --file operator/Dockerfile --target collector --tag {image} .",
    ),
    RequiredImage(
        name="kubetune/trainer:dev",
        variable="KUBETUNE_TRAINER_IMAGE",
        build="docker build --tag {image} manifests/samples/trainer",
    ),
)


@dataclass(frozen=True, slots=True)
class Target:
    """A cluster to work on. `own` says whether it is ours, to bring up and take down."""

    kubeconfig: Path
    context: str
    own: bool


@dataclass(frozen=True, slots=True)
class Need:
    """Something that a cluster lacks, and the commands that provide it."""

    what: str
    commands: tuple[str, ...]


def resolve_target(environment: Mapping[str, str], layout: Layout | None = None) -> Target:
    """The cluster that the environment names; our own when it names none.

    Raises:
        BringUpError: only one of the two variables is set, or the file is not there. Nothing is
            guessed: the wrong cluster would be changed.
    """
    kubeconfig = environment.get(KUBECONFIG_VARIABLE, "")
    context = environment.get(CONTEXT_VARIABLE, "")
    if not kubeconfig and not context:
        return Target((layout or default_layout(environment)).kubeconfig, CONTEXT_NAME, own=True)
    if not kubeconfig or not context:
        given, lacking = (
            (KUBECONFIG_VARIABLE, CONTEXT_VARIABLE)
            if kubeconfig
            else (CONTEXT_VARIABLE, KUBECONFIG_VARIABLE)
        )
        raise BringUpError(
            f"{given} is set but {lacking} is not. Set both to use a cluster of your own, or"
            " neither to have one brought up on this machine"
        )
    path = Path(kubeconfig).expanduser().absolute()
    if not path.is_file():
        raise BringUpError(f"{KUBECONFIG_VARIABLE} names {path}, which is not a file")
    return Target(path, context, own=False)


def image_of(required: RequiredImage, environment: Mapping[str, str]) -> str:
    """The name under which the cluster finds `required`."""
    return environment.get(required.variable) or required.name


def gpu_resource(environment: Mapping[str, str]) -> str:
    """The resource that a trial asks for as its GPU."""
    return environment.get(GPU_VARIABLE) or GPU_RESOURCE


def check_needs(target: Target, environment: Mapping[str, str]) -> tuple[Need, ...]:
    """What the named cluster lacks of what the demo and the tests need; empty when nothing.

    Raises:
        BringUpError: the cluster cannot be reached with this kubeconfig and context.
    """
    try:
        # The client has no types.
        new_client: Any = config.new_client_from_config
        api = new_client(str(target.kubeconfig), target.context)
        nodes = client.CoreV1Api(api).list_node(_request_timeout=20).to_dict()["items"]
    except Exception as failure:
        # Anything from a torn file to a refused connection; each already says what it is.
        raise BringUpError(
            f"context {target.context} of {target.kubeconfig} cannot be used: {failure}"
        ) from failure
    return missing_needs(nodes, target=target, environment=environment)


def missing_needs(
    nodes: list[dict[str, Any]], *, target: Target, environment: Mapping[str, str]
) -> tuple[Need, ...]:
    """What `nodes` (each as the client's `to_dict` gives it) lack: GPUs, images."""
    gpu = gpu_resource(environment)
    with_gpu = [node for node in nodes if _amount(node, gpu) > 0]
    needs = [] if with_gpu else [_gpu_need(nodes, gpu, target)]
    present = {
        name
        for node in with_gpu or nodes
        for image in node["status"].get("images") or []
        for name in image.get("names") or []
    }
    needs += [
        _image_need(required, target)
        for required in IMAGES
        # An overridden name is taken to be one that the nodes can pull.
        if not environment.get(required.variable) and f"docker.io/{required.name}" not in present
    ]
    return tuple(needs)


def _amount(node: dict[str, Any], resource: str) -> int:
    return int((node["status"].get("allocatable") or {}).get(resource, "0"))


def _gpu_need(nodes: list[dict[str, Any]], gpu: str, target: Target) -> Need:
    node = nodes[0]["metadata"]["name"] if nodes else "NODE"
    amount = f'{{"{gpu}":"8"}}'
    patch = f'{{"status":{{"capacity":{amount},"allocatable":{amount}}}}}'
    return Need(
        f"no node offers {gpu}. Use nodes that do, name another resource with {GPU_VARIABLE},"
        " or (kind, minikube) make believe:",
        (
            (
                f"kubectl --kubeconfig {target.kubeconfig} --context {target.context} patch node"
                f" {node} --subresource=status --patch '{patch}'"
            ),
        ),
    )


def _image_need(required: RequiredImage, target: Target) -> Need:
    pushed = f"REGISTRY/{required.name}"
    commands = [required.build.format(image=required.name)]
    if target.context.startswith("kind-"):
        cluster = target.context.removeprefix("kind-")
        commands.append(f"kind load docker-image --name {cluster} {required.name}")
    else:
        commands += [
            f"docker tag {required.name} {pushed} && docker push {pushed}",
            f"export {required.variable}={pushed}",
        ]
    return Need(f"no node is seen to hold the image {required.name}:", tuple(commands))
