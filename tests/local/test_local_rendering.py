"""The process of a trial against the Job that a cluster would get."""

from pathlib import Path
from typing import Any

import pytest

from kubetune.local.rendering import Machine, Rendering
from kubetune.local.store import Store
from kubetune.local.workshop import Workshop
from tests.local.local_builders import machine, manifest, opened

STORE = Store(Path("/kept"))


def render(body: dict[str, Any], here: Machine | None = None) -> Rendering:
    return Workshop(opened(body).world, STORE, here or machine()).first


def test_command_and_arguments_are_those_of_the_container_filled_in() -> None:
    rendering = render(
        manifest(
            container={
                "args": ["--name=$(trial.name)", "$(GREETING)", "$$(GREETING)", "$(UNKNOWN)"],
                "env": [
                    {"name": "WHO", "value": "x is $(params.x)"},
                    {"name": "GREETING", "value": "hello, $(WHO) $(LATER)"},
                    {"name": "LATER", "value": "later"},
                ],
            }
        )
    )
    argv = rendering.command.argv
    x = rendering.command.environment["KUBETUNE_PARAM_X"]
    assert argv[:3] == ("python3", "train.py", f"--x={x}")
    assert argv[3:] == ("--name=toy-0", f"hello, x is {x} $(LATER)", "$(GREETING)", "$(UNKNOWN)")


def test_the_environment_is_kubetunes_and_the_containers_above_this_machines() -> None:
    here = machine(environment={"PATH": "/bin", "MODE": "outside", "KEPT": "yes"})
    body = manifest(container={"env": [{"name": "MODE", "value": "inside"}]})
    environment = render(body, here).command.environment
    assert environment["MODE"] == "inside"
    assert (environment["PATH"], environment["KEPT"]) == ("/bin", "yes")
    assert environment["KUBETUNE_TRIAL"] == environment["KUBETUNE_POD_NAME"] == "toy-0"
    assert environment["KUBETUNE_NAMESPACE"] == "default"
    assert environment["KUBETUNE_PARAMETERS"] == f'{{"x": {environment["KUBETUNE_PARAM_X"]}}}'


def test_a_categorical_value_reaches_the_environment_to_the_letter() -> None:
    odd = "$(A) $$ 'q' \"d\" ü"
    body = manifest(
        parameters=[{"name": "x", "type": "Categorical", "values": [odd]}],
        limits={"maxTrials": 1},
    )
    assert render(body).command.environment["KUBETUNE_PARAM_X"] == odd


def reference(kind: str, **fields: Any) -> dict[str, Any]:
    return {"name": "V", "valueFrom": {kind: fields}}


@pytest.mark.parametrize(
    ("variable", "want"),
    [
        (reference("fieldRef", fieldPath="metadata.name"), "toy-0"),
        (reference("fieldRef", fieldPath="metadata.namespace"), "default"),
        (reference("fieldRef", fieldPath="metadata.labels['app']"), "digits"),
        (reference("fieldRef", fieldPath="metadata.labels['kubetune.dev/trial-index']"), "0"),
        (reference("fieldRef", fieldPath="metadata.annotations['none']"), ""),
        (reference("fieldRef", fieldPath="spec.nodeName"), "laptop"),
        (reference("fieldRef", fieldPath="status.podIP"), "127.0.0.1"),
        (reference("secretKeyRef", name="s", key="OTHER"), "from the shell"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value["valueFrom"]),
)
def test_a_variable_with_a_source_has_what_stands_for_it_here(
    variable: dict[str, Any], want: str
) -> None:
    body = manifest(
        container={"env": [variable]}, template={"metadata": {"labels": {"app": "digits"}}}
    )
    here = machine(environment={"V": "from the shell"})
    assert render(body, here).command.environment["V"] == want


def test_a_variable_that_only_a_cluster_knows_is_named_unless_it_is_optional() -> None:
    body = manifest(
        container={
            "env": [
                {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
                {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "k"}}},
                {
                    "name": "C",
                    "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": True}},
                },
                {"name": "D", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
            ]
        }
    )
    assert render(body).unresolved == (
        ("A", "secret s, key k"),
        ("B", "config map m, key k"),
        ("D", "limits.cpu"),
    )


@pytest.mark.parametrize(
    ("wanted", "there", "want"),
    [(None, True, "/here"), ("/app", True, "/app"), ("/app", False, "/here")],
    ids=["none", "exists", "does not exist"],
)
def test_a_trial_runs_in_the_working_directory_if_it_exists(
    wanted: str | None,
    there: bool,  # noqa: FBT001  a column of the table
    want: str,
) -> None:
    body = manifest(container={} if wanted is None else {"workingDir": wanted})
    assert render(body, machine(exists=lambda _: there)).command.directory == want


def test_a_metrics_file_is_one_of_the_attempts_own() -> None:
    body = manifest(
        metrics={"source": "File", "path": "/metrics/m.jsonl"},
        container={"args": ["--metrics-file=/metrics/m.jsonl"]},
    )
    command = render(body).command
    assert command.metrics_path is not None
    assert command.metrics_path.startswith("/kept/trials/toy-0/attempt-1/volumes/")
    assert command.argv[-1] == f"--metrics-file={command.metrics_path}"
    assert str(Path(command.metrics_path).parent) in command.directories


def test_the_terms_are_those_of_the_template() -> None:
    default = render(manifest()).terms
    assert (default.grace.total_seconds(), default.deadline, default.backoff_limit) == (10, None, 0)
    said = render(
        manifest(
            job={"backoffLimit": 2, "activeDeadlineSeconds": 60},
            pod={"terminationGracePeriodSeconds": 3, "activeDeadlineSeconds": 20},
        )
    ).terms
    assert said.grace.total_seconds() == 3
    assert (said.deadline, said.attempt_deadline) != (None, None)
    assert said.backoff_limit == 2
