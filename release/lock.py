"""Write operator/requirements.txt: what the operator's image holds, each with its hashes.

Versions are those of constraints.txt, with which the tests run; the hashes are those of every file
that the index has of them. `pip install --require-hashes` then takes nothing else.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

PLATFORMS: Final = ("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu")
"""What images are built for: the lock must be the same for all."""

_HEADER: Final = "# Written by `make lock` from pyproject.toml and constraints.txt. Do not edit.\n"


def write_lock(root: Path) -> None:
    """Resolve for every platform and write the lock.

    Raises:
        subprocess.CalledProcessError: uv found no solution, and has said why.
        ValueError: the platforms need different packages.
    """
    found = {_resolved(root, platform) for platform in PLATFORMS}
    if len(found) != 1:
        raise ValueError(f"{' and '.join(PLATFORMS)} need different packages: lock each of them")
    (root / "operator" / "requirements.txt").write_text(_HEADER + found.pop(), "utf-8")


def _resolved(root: Path, platform: str) -> str:
    command = [
        *(sys.executable, "-m", "uv", "pip", "compile", "--quiet", "pyproject.toml"),
        *("--extra", "operator", "--constraint", "constraints.txt", "--generate-hashes"),
        *("--python-version", "3.11", "--python-platform", platform),
        *("--no-header", "--no-annotate", "--no-emit-index-url"),
    ]
    done = subprocess.run(  # noqa: S603  a command of our own
        command, cwd=root, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout
