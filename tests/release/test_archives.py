"""Wheel, source archive, chart and manifest, as they would be published."""

import hashlib
import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

from kubetune import __version__
from release.build import build, checksums, released, restamped
from release.epoch import FIXED_DAY
from release.project import ROOT
from tests.conftest import Helm
from tests.release.conftest import REGISTRY, Dist

pytestmark = pytest.mark.tools

KUBERNETES = ("--kube-version", "1.34.0")


def test_the_wheel_holds_the_package_and_its_licence_alone(dist: Dist) -> None:
    with zipfile.ZipFile(dist.wheel) as wheel:
        names = {name for name in wheel.namelist() if not name.endswith("/")}
    info = f"kubetune-{__version__}.dist-info"
    metadata = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
    sources = {
        path.relative_to(ROOT / "operator").as_posix()
        for path in (ROOT / "operator" / "kubetune").rglob("*")
        if path.suffix == ".py" or path.name == "py.typed"
    }
    assert names == sources | {f"{info}/{name}" for name in metadata}


def test_the_source_archive_builds_the_same_wheel(dist: Dist, tmp_path: Path) -> None:
    with tarfile.open(dist.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (again,) = source.glob("dist/*.whl")
    assert again.name == dist.wheel.name
    assert again.read_bytes() == dist.wheel.read_bytes()


def test_two_builds_are_the_same_bytes(dist: Dist, tmp_path: Path, helm_program: str) -> None:
    build(tmp_path / "again", registry=REGISTRY, helm=helm_program)
    for path in (dist.folder, tmp_path / "again"):
        checksums(path)
    want = (dist.folder / "SHA256SUMS").read_text("utf-8")
    assert (tmp_path / "again" / "SHA256SUMS").read_text("utf-8") == want
    assert hashlib.sha256(dist.wheel.read_bytes()).hexdigest() in want


def test_a_restamped_archive_has_one_date_and_the_same_files(dist: Dist) -> None:
    packed = dist.chart.read_bytes()
    assert restamped(packed, FIXED_DAY) == packed
    other = restamped(packed, 86400)
    with (
        tarfile.open(fileobj=io.BytesIO(packed)) as old,
        tarfile.open(fileobj=io.BytesIO(other)) as new,
    ):
        assert {member.mtime for member in new} == {86400}
        assert new.getnames() == old.getnames()
        for name in new.getnames():
            one, two = new.extractfile(name), old.extractfile(name)
            assert one is not None
            assert two is not None
            assert one.read() == two.read()


def test_the_chart_installs_the_released_images(dist: Dist, helm: Helm) -> None:
    done = helm("template", "tuner", str(dist.chart), *KUBERNETES)
    assert done.returncode == 0, done.stderr
    bodies = [body for body in yaml.safe_load_all(done.stdout) if body]
    (deployment,) = (body for body in bodies if body["kind"] == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"{REGISTRY}/kubetune/operator:{__version__}"
    (collector,) = (e["value"] for e in container["env"] if e["name"].endswith("COLLECTOR_IMAGE"))
    assert collector == f"{REGISTRY}/kubetune/collector:{__version__}"


def test_the_chart_is_the_one_of_the_repository_but_for_the_registry(
    dist: Dist, helm: Helm
) -> None:
    ours = helm("template", "tuner", str(ROOT / "helm" / "kubetune"), *KUBERNETES).stdout
    packed = helm("template", "tuner", str(dist.chart), *KUBERNETES).stdout
    assert "kind: Deployment" in ours
    assert packed.replace(f"{REGISTRY}/", "") == ours
    assert helm("lint", "--strict", str(dist.chart)).returncode == 0


def test_the_manifest_is_the_repositorys_with_the_released_images(dist: Dist) -> None:
    text = (dist.folder / "install.yaml").read_text("utf-8")
    ours = (ROOT / "manifests" / "install.yaml").read_text("utf-8")
    assert text == released(ours, REGISTRY, __version__)
    assert ":dev" not in text
    assert f"{REGISTRY}/kubetune/operator:{__version__}" in text
