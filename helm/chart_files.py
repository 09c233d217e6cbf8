"""The chart's files that are made from the project's own: one source, no copies to keep in step.

crds/, manifests/base/                            ──► helm/kubetune/files/
helm/kubetune/values.yaml                         ──► values.schema.json, README.md
manifests/ as kustomize would build it            ──► manifests/install.yaml
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from helm.values import read_values, to_schema, to_table

_MADE = "# Made by `make generate`. Do not edit.\n"
_BASE = Path("manifests/base")
_LABELS = {"app.kubernetes.io/name": "kubetune"}
_ROLES: Mapping[str, tuple[str, str]] = {
    "operator": ("rbac.yaml", "kubetune-operator"),
    "collector": ("trial-rbac.yaml", "kubetune-collector"),
    "annotator": ("trial-rbac.yaml", "kubetune-annotator"),
    "view": ("user-rbac.yaml", "kubetune-view"),
    "edit": ("user-rbac.yaml", "kubetune-edit"),
    "admin": ("user-rbac.yaml", "kubetune-admin"),
}


def made_files(root: Path) -> dict[Path, str]:
    """Return every file that is made, by its path below `root`."""
    chart = Path("helm/kubetune")
    files = {
        chart / "files" / "crds" / path.name: path.read_text("utf-8")
        for path in sorted((root / "crds").glob("kubetune.dev_*.yaml"))
    }
    for path in sorted((root / _BASE / "policies").glob("*.yaml")):
        files[chart / "files" / "policies" / path.name] = path.read_text("utf-8")
    for role, (file, name) in _ROLES.items():
        rules = _rules(root / _BASE / "operator" / file, name)
        files[chart / "files" / "rules" / f"{role}.yaml"] = yaml.safe_dump(rules, sort_keys=False)
    values = (root / chart / "values.yaml").read_text("utf-8")
    files[chart / "values.schema.json"] = to_schema(values)
    template = (root / chart / "README.md.in").read_text("utf-8")
    files[chart / "README.md"] = template.replace("@VALUES@", to_table(read_values(values)))
    files[Path("manifests/install.yaml")] = _MADE + _joined(root / "manifests")
    components = Path("manifests/components")
    files[components / "namespaced" / "rbac.yaml"] = _MADE + _namespaced_roles(root, "tuning")
    alerts = (root / chart / "files" / "alerts.yaml").read_text("utf-8")
    files[components / "monitoring" / "prometheus-rule.yaml"] = _MADE + _prometheus_rule(alerts)
    dashboard = (root / chart / "files" / "dashboard.json").read_text("utf-8")
    files[components / "monitoring" / "dashboard.json"] = dashboard
    return files


def _namespaced_roles(root: Path, namespace: str) -> str:
    """Return the roles that an operator of one namespace needs there, and their binding."""
    bodies: list[dict[str, Any]] = []
    for role in ("operator", "collector", "annotator"):
        file, name = _ROLES[role]
        rules = _rules(root / _BASE / "operator" / file, name)
        for rule in rules:
            rule["resources"] = ["roles" if r == "clusterroles" else r for r in rule["resources"]]
        bodies.append({**_rbac("Role", name, namespace), "rules": rules})
    reference = {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "Role",
        "name": "kubetune-operator",
    }
    subject = {"kind": "ServiceAccount", "name": "kubetune", "namespace": "kubetune-system"}
    binding = _rbac("RoleBinding", "kubetune-operator", namespace)
    bodies.append({**binding, "roleRef": reference, "subjects": [subject]})
    return yaml.safe_dump_all(bodies, sort_keys=False)


def _rbac(kind: str, name: str, namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "labels": dict(_LABELS)},
    }


def _prometheus_rule(alerts: str) -> str:
    metadata = {"name": "kubetune", "namespace": "kubetune-system", "labels": dict(_LABELS)}
    body = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": metadata,
        "spec": yaml.safe_load(alerts),
    }
    return yaml.safe_dump(body, sort_keys=False, width=100)


def _rules(path: Path, name: str) -> Any:
    for body in yaml.safe_load_all(path.read_text("utf-8")):
        if body["kind"] == "ClusterRole" and body["metadata"]["name"] == name:
            return body["rules"]
    raise ValueError(f"{path} has no ClusterRole {name}")


def _joined(folder: Path) -> str:
    return "".join(f"---\n{text.removeprefix('---').strip()}\n" for text in _texts(folder))


def _texts(folder: Path) -> Iterator[str]:
    """Yield the files that a kustomization lists, in its order."""
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
    for name in listed["resources"]:
        path = (folder / name).resolve()
        if path.is_dir():
            yield from _texts(path)
        else:
            yield path.read_text("utf-8")
