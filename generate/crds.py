"""The CRDs as files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from kubetune.api.crd import trial_crd, tuning_job_crd

FOLDER: Final = Path("crds")
_HEADER: Final = "# Made by `make generate` from operator/kubetune/api. Do not edit.\n"
_LINE_WIDTH: Final = 100


def crd_files() -> dict[Path, str]:
    """Return both CRDs and a kustomization of them."""
    crds = [tuning_job_crd(), trial_crd()]
    files = {f"kubetune.dev_{crd['spec']['names']['plural']}.yaml": _text(crd) for crd in crds}
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(files),
    }
    files["kustomization.yaml"] = _text(kustomization)
    return {FOLDER / name: text for name, text in files.items()}


class _Dumper(yaml.SafeDumper):
    """Indents lists below their key and writes no aliases."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002, ARG002  the signature is PyYAML's
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  the signature is PyYAML's
        return True


def _text(manifest: Mapping[str, Any]) -> str:
    body = yaml.dump(
        manifest, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_LINE_WIDTH
    )
    return _HEADER + body
