"""The variants of the plain manifests, as kubectl builds them."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.cluster.layout import default_layout

pytestmark = pytest.mark.tools

ROOT = Path(__file__).resolve().parents[2]
OVERLAYS = ("namespaced", "high-availability", "monitoring")

Body = dict[str, Any]


def build(folder: str) -> list[Body]:
    built = default_layout().kubectl
    program = str(built) if built.exists() else shutil.which("kubectl") or "kubectl"
    done = subprocess.run(
        [program, "kustomize", str(ROOT / folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [body for body in yaml.safe_load_all(done.stdout) if body]


def of_kind(bodies: Iterable[Body], kind: str) -> list[Body]:
    return [body for body in bodies if body["kind"] == kind]


def key(body: Body) -> tuple[str, str, str]:
    metadata = body["metadata"]
    return body["kind"], metadata.get("namespace", ""), metadata["name"]


def _in_one_line(value: Any) -> Any:
    """Return the same with texts on one line: kustomize folds CEL in its own way."""
    if isinstance(value, dict):
        return {name: _in_one_line(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_in_one_line(item) for item in value]
    return " ".join(value.split()) if isinstance(value, str) else value


def test_the_flat_file_is_what_kustomize_builds() -> None:
    flat = yaml.safe_load_all((ROOT / "manifests" / "install.yaml").read_text("utf-8"))
    want = {key(body): _in_one_line(body) for body in build("manifests")}
    assert {key(body): _in_one_line(body) for body in flat if body} == want


@pytest.mark.parametrize(
    "folder", [*(f"manifests/overlays/{name}" for name in OVERLAYS), "manifests/gitops/example"]
)
def test_every_object_is_valid(folder: str) -> None:
    ours = ("monitoring.coreos.com", "kubetune.dev")
    bodies = [b for b in build(folder) if b["apiVersion"].partition("/")[0] not in ours]
    assert bodies
    for body in bodies:
        kubernetes_validate.validate(body, "1.34", strict=True)


def test_an_operator_of_one_namespace_needs_no_cluster_role() -> None:
    bodies = build("manifests/overlays/namespaced")
    assert of_kind(bodies, "ClusterRole") + of_kind(bodies, "ClusterRoleBinding") == []
    roles = {key(role)[1:] for role in of_kind(bodies, "Role")}
    own = {("tuning", f"kubetune-{name}") for name in ("operator", "collector", "annotator")}
    assert roles == own | {("kubetune-system", "kubetune-leader")}
    (deployment,) = of_kind(bodies, "Deployment")
    env = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
    settings = {variable["name"]: variable.get("value") for variable in env}
    assert settings["KUBETUNE_NAMESPACES"] == "tuning"
    assert settings["KUBETUNE_ROLE_KIND"] == "Role"
    for binding in of_kind(bodies, "ValidatingAdmissionPolicyBinding"):
        labels = binding["spec"]["matchResources"]["namespaceSelector"]["matchLabels"]
        assert labels == {"kubernetes.io/metadata.name": "tuning"}


def test_two_operators_stand_by_for_each_other() -> None:
    bodies = build("manifests/overlays/high-availability")
    (deployment,) = of_kind(bodies, "Deployment")
    assert deployment["spec"]["replicas"] == 2
    (budget,) = of_kind(bodies, "PodDisruptionBudget")
    assert budget["spec"]["selector"] == deployment["spec"]["selector"]


def test_all_components_together_are_one_installation(tmp_path: Path) -> None:
    manifests = ROOT / "manifests"
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [os.path.relpath(manifests / "base", tmp_path)],
        "components": [
            os.path.relpath(manifests / "components" / name, tmp_path) for name in OVERLAYS
        ],
    }
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(kustomization), "utf-8")
    bodies = build(str(tmp_path))
    (deployment,) = of_kind(bodies, "Deployment")
    assert deployment["spec"]["replicas"] == 2
    assert of_kind(bodies, "ClusterRole") + of_kind(bodies, "ClusterRoleBinding") == []
    together = {key(body) for body in bodies}
    for name in OVERLAYS:
        alone = {key(body) for body in build(f"manifests/overlays/{name}")}
        assert {kind for kind, _, _ in alone - together} <= {"ClusterRole", "ClusterRoleBinding"}


def test_an_overlay_adds_to_the_base_and_takes_away_only_cluster_roles() -> None:
    base = {key(body) for body in build("manifests")}
    for name in OVERLAYS:
        missing = base - {key(body) for body in build(f"manifests/overlays/{name}")}
        assert {kind for kind, _, _ in missing} <= {"ClusterRole", "ClusterRoleBinding"}
