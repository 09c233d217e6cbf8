"""The base of the project's images: Debian with Python, made from Debian's own packages.

No image registry can be counted on where this runs. Where one can, KUBETUNE_BASE_IMAGE names a
public image (python:3.11-slim) and nothing of this is done.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.cluster.commands import run, run_long
from tests.cluster.errors import BringUpError
from tests.cluster.layout import Layout
from tests.cluster.lock import held
from tests.cluster.progress import Reporter

BASE_IMAGE_VARIABLE: Final = "KUBETUNE_BASE_IMAGE"
SUITE: Final = "bookworm"
"""The Debian release whose Python is 3.11."""

PACKAGES: Final = ("ca-certificates", "python3", "python3-venv")
UNWANTED: Final = (
    *("dev/*", "proc/*", "sys/*", "run/*", "tmp/*", "boot/*", "debootstrap"),
    *("var/cache/*", "var/lib/apt/lists/*", "var/log/*"),
    *("usr/share/doc/*", "usr/share/info/*", "usr/share/man/*", "usr/share/locale/*"),
    *("usr/share/i18n/*", "usr/share/bash-completion/*", "usr/share/lintian/*"),
    *("usr/share/zoneinfo/right/*", "usr/share/zoneinfo/posix/*"),
)
"""What no container of ours reads: half of the whole."""


def base_rootfs(layout: Layout, reporter: Reporter) -> Path:
    """The archive of the base's root file system, made now unless the cache has it.

    Raises:
        BringUpError: debootstrap failed; the message carries its last words.
    """
    recipe = " ".join((SUITE, *PACKAGES, *UNWANTED))
    key = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    archive = layout.cache / f"base-{key}.tar"
    with held(layout.cache / "base.lock", reporter):
        if not archive.exists():
            _make(archive, layout, reporter)
    return archive


def chosen_base(environment: Mapping[str, str] = os.environ) -> str | None:
    """The base image that the environment names; None to make one here."""
    return environment.get(BASE_IMAGE_VARIABLE) or None


def _make(archive: Path, layout: Layout, reporter: Reporter) -> None:
    reporter.say(f"making a base image of Debian {SUITE} with Python: about 90 s")
    folder = Path(tempfile.mkdtemp(prefix="base-", dir=layout.cache))
    try:
        target = folder / "root"
        mirror = _mirror()
        run_long(
            [
                # In a mount namespace of its own: what debootstrap mounts goes when it ends.
                *("unshare", "--mount", "--propagation", "slave", "--"),
                *("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}"),
                *(SUITE, str(target), *([mirror] if mirror else [])),
            ],
            doing="debootstrap",
            log=layout.cache / "logs" / "debootstrap.log",
            reporter=reporter,
            describe=lambda _, last: f"base image: {last[:60]}",
        )
        partial = folder / "base.tar"
        exclusions = [f"--exclude=./{pattern}" for pattern in UNWANTED]
        run(
            [
                *("tar", "--create", "--numeric-owner", "--sort=name", f"--file={partial}"),
                *(f"--directory={target}", *exclusions, "."),
            ]
        )
        for older in layout.cache.glob("base-*.tar"):
            older.unlink()
        partial.rename(archive)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _mirror() -> str | None:
    """The mirror that this machine's own apt uses for the same release; None for Debian's usual.

    A machine that was told to use a near or private mirror may reach no other.
    """
    try:
        listed = run(["apt-get", "indextargets", "--format=$(REPO_URI) $(CODENAME) $(COMPONENT)"])
    except BringUpError:
        return None
    for line in listed.splitlines():
        words = line.split()
        if words[1:] == [SUITE, "main"]:
            return words[0]
    return None
