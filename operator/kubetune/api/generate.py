"""Writes the CRDs to files: `python -m kubetune.api.generate [--check] [--directory crds]`."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from kubetune.api.crd import trial_crd, tuning_job_crd

COMMAND = "python -m kubetune.api.generate"

MAX_BYTES = 262_144
"""What an annotation may hold, and so what plain `kubectl apply` can apply."""

_HEADER = f"# Made by `{COMMAND}` from the models in operator/kubetune/api. Do not edit.\n"
_LINE_WIDTH = 100


def generated_files() -> dict[str, str]:
    """Return the generated files: text by file name."""
    crds = [tuning_job_crd(), trial_crd()]
    files = {f"kubetune.dev_{crd['spec']['names']['plural']}.yaml": _text(crd) for crd in crds}
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(files),
    }
    return {**files, "kustomization.yaml": _text(kustomization)}


def stale_files(directory: Path) -> list[str]:
    """Return the names of files that are missing or differ from what would be generated."""
    return [
        name
        for name, text in generated_files().items()
        if not (directory / name).is_file() or (directory / name).read_text("utf-8") != text
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or with --check only say which ones are stale; return the exit code."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if stale")
    parser.add_argument("--directory", type=Path, default=Path("crds"), help="default: crds")
    options = parser.parse_args(arguments)
    stale = stale_files(options.directory)
    if options.check and stale:
        names = ", ".join(str(options.directory / name) for name in stale)
        sys.stderr.write(f"stale: {names}\nwrite them anew: {COMMAND} (or make generate)\n")
        return 1
    options.directory.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (options.directory / name).write_text(generated_files()[name], "utf-8")
        sys.stdout.write(f"wrote {options.directory / name}\n")
    return 0


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


if __name__ == "__main__":
    sys.exit(main())
