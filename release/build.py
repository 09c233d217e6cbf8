"""Build what a release consists of besides its images; the same bytes from the same sources.

    kubetune-*.whl, kubetune-*.tar.gz    the Python package
    kubetune-*.tgz                       the Helm chart, whose values name the released images
    install.yaml                         everything for `kubectl apply`, with those images
    SHA256SUMS

Nothing here knows the time of day: SOURCE_DATE_EPOCH, or else a fixed day, is in the archives.
"""

import gzip
import hashlib
import io
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Final

from release.epoch import epoch
from release.project import ROOT, version

_IMAGES: Final = ("operator", "collector")


def build(out: Path, *, registry: str, helm: str, root: Path = ROOT) -> None:
    """Write the archives into `out`, which is emptied first.

    Args:
        out: Where to.
        registry: Where the released images are, such as ghcr.io/team; empty: as the chart has it.
        helm: The helm program.
        root: The repository.

    Raises:
        subprocess.CalledProcessError: hatchling or helm failed, and has said why.
    """
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    build_package(out, root=root)
    build_chart(out, registry=registry, helm=helm, root=root)
    text = (root / "manifests" / "install.yaml").read_text("utf-8")
    (out / "install.yaml").write_text(released(text, registry, version(root)), "utf-8")


def build_package(out: Path, *, root: Path = ROOT) -> None:
    """Write the wheel and the source archive into `out`."""
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(out.absolute())]
    subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  our own


def build_chart(out: Path, *, registry: str, helm: str, root: Path = ROOT) -> Path:
    """Write the chart's archive into `out` and return its path."""
    with tempfile.TemporaryDirectory() as folder:
        chart = Path(folder, "kubetune")
        shutil.copytree(root / "helm" / "kubetune", chart)
        values = chart / "values.yaml"
        text = values.read_text("utf-8")
        filled, count = re.subn(r'(?m)^( +registry: )""$', rf'\g<1>"{registry}"', text)
        if count != len(_IMAGES):
            raise ValueError(f"values.yaml names {count} registries, not {len(_IMAGES)}")
        values.write_text(filled, "utf-8")
        command = [helm, "package", str(chart), "--destination", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  named by us
        (packed,) = Path(folder).glob("kubetune-*.tgz")
        path = out / packed.name
        path.write_bytes(restamped(packed.read_bytes(), epoch()))
    return path


def released(manifest: str, registry: str, tag: str) -> str:
    """Return a manifest with the released images in the place of the development's."""
    place = f"{registry}/" if registry else ""
    for image in _IMAGES:
        manifest = manifest.replace(f"kubetune/{image}:dev", f"{place}kubetune/{image}:{tag}")
    return manifest


def restamped(archive: bytes, at: int) -> bytes:
    """Return a .tar.gz with the same files, every date in it `at`, in the order of their names."""
    packed = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as old,
        gzip.GzipFile(filename="", fileobj=packed, mode="wb", mtime=at) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in sorted(old.getmembers(), key=lambda member: member.name):
            member.mtime = at
            new.addfile(member, old.extractfile(member))
    return packed.getvalue()


def checksums(out: Path) -> None:
    """Write SHA256SUMS of every file in `out`, for `sha256sum --check`."""
    files = sorted(path for path in out.iterdir() if path.name != "SHA256SUMS")
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    (out / "SHA256SUMS").write_text("".join(lines), "utf-8")
