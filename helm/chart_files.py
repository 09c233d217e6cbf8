"""The chart's files that are made from the project's own: one source, no copies to keep in step.

crds/, manifests/policies/, manifests/operator/   ──► helm/kubetune/files/
helm/kubetune/values.yaml                         ──► values.schema.json, README.md
manifests/ as kustomize would build it            ──► manifests/install.yaml
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from helm.values import read_values, to_schema, to_table

_MADE = "# Made by `python -m helm.generate`. Do not edit.\n"
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
    for path in sorted((root / "manifests" / "policies").glob("*.yaml")):
        files[chart / "files" / "policies" / path.name] = path.read_text("utf-8")
    for role, (file, name) in _ROLES.items():
        rules = _rules(root / "manifests" / "operator" / file, name)
        files[chart / "files" / "rules" / f"{role}.yaml"] = yaml.safe_dump(rules, sort_keys=False)
    values = (root / chart / "values.yaml").read_text("utf-8")
    files[chart / "values.schema.json"] = to_schema(values)
    template = (root / chart / "README.md.in").read_text("utf-8")
    files[chart / "README.md"] = template.replace("@VALUES@", to_table(read_values(values)))
    files[Path("manifests/install.yaml")] = _MADE + _joined(root / "manifests")
    return files


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
