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


def base_rootfs(layout: Layout, reporter: Reporter, *, foreign: str | None = None) -> Path:
    """The archive of the base's root file system, made now unless the cache has it.

    `foreign` is another processor's architecture, as Debian names it. None of its programs can be
    run here, so that its packages are unpacked and not configured: what their scripts make (the
    list of users, the bundle of certificates) is not there, every file that they bring is.

    Raises:
        BringUpError: debootstrap failed; the message carries its last words.
    """
    recipe = " ".join((SUITE, *PACKAGES, *UNWANTED))
    key = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    kind = f"{foreign}-base" if foreign else "base"
    archive = layout.cache / f"{kind}-{key}.tar"
    with held(layout.cache / f"{kind}.lock", reporter):
        if not archive.exists():
            _make(archive, kind, foreign, layout, reporter)
    return archive


def chosen_base(environment: Mapping[str, str] = os.environ) -> str | None:
    """The base image that the environment names; None to make one here."""
    return environment.get(BASE_IMAGE_VARIABLE) or None


def _make(
    archive: Path, kind: str, foreign: str | None, layout: Layout, reporter: Reporter
) -> None:
    of = f" for {foreign}" if foreign else ""
    takes = "60 s" if foreign else "90 s"
    reporter.say(f"making a base image of Debian {SUITE} with Python{of}: about {takes}")
    folder = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=layout.cache))
    try:
        target = folder / "root"
        mirror = _mirror()
        run_long(
            [
                # In a mount namespace of its own: what debootstrap mounts goes when it ends.
                *("unshare", "--mount", "--propagation", "slave", "--"),
                *("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}"),
                *(["--download-only", f"--arch={foreign}"] if foreign else []),
                *(SUITE, str(target), *([mirror] if mirror else [])),
            ],
            doing="debootstrap",
            log=layout.cache / "logs" / f"debootstrap-{kind}.log",
            reporter=reporter,
            describe=lambda _, last: f"base image{of}: {last[:60]}",
        )
        if foreign:
            packages = target / "var" / "cache" / "apt" / "archives"
            target = folder / "unpacked"
            _unpack(packages, target)
        partial = folder / "base.tar"
        exclusions = [f"--exclude=./{pattern}" for pattern in UNWANTED]
        run(
            [
                *("tar", "--create", "--numeric-owner", "--sort=name", f"--file={partial}"),
                *(f"--directory={target}", *exclusions, "."),
            ]
        )
        for older in layout.cache.glob(f"{kind}-*.tar"):
            older.unlink()
        partial.rename(archive)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unpack(packages: Path, target: Path) -> None:
    """Put the files of `packages` below `target`, where folders such as /lib lead into /usr."""
    for name in ("bin", "lib", "lib64", "sbin"):
        (target / "usr" / name).mkdir(parents=True)
        (target / name).symlink_to(f"usr/{name}")
    for package in sorted(packages.glob("*.deb")):
        # `dpkg-deb --extract` would put a folder in the place of the link.
        run(
            [
                *("bash", "-e", "-o", "pipefail", "-c"),
                'dpkg-deb --fsys-tarfile "$1" | tar -x -p --keep-directory-symlink -C "$2"',
                *("unpack", package, target),
            ]
        )


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
