"""What tests look at in the objects that the chart renders to."""

from collections.abc import Iterable
from typing import Any

from tests.helm.conftest import Body


def of_kind(bodies: Iterable[Body], kind: str) -> dict[str, Body]:
    return {body["metadata"]["name"]: body for body in bodies if body["kind"] == kind}


def operator_pod(bodies: Iterable[Body]) -> Any:
    (deployment,) = of_kind(bodies, "Deployment").values()
    return deployment["spec"]["template"]


def operator_container(bodies: Iterable[Body]) -> Any:
    (container,) = operator_pod(bodies)["spec"]["containers"]
    return container


def variables_of(container: Any) -> dict[str, str]:
    """The value of each variable; "" where it comes from elsewhere."""
    return {variable["name"]: variable.get("value", "") for variable in container["env"]}
