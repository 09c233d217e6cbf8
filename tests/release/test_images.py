"""The images as built for this run, for either processor: what is in them, and how large."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

import pytest

from release.project import ROOT
from release.sbom import read_lock
from tests.cluster.buildah import build_image, write_archive
from tests.cluster.foreign import build_foreign_images, processors
from tests.cluster.images import IMAGES, native_base, prepare_images
from tests.cluster.layout import Layout, default_layout
from tests.cluster.progress import Reporter
from tests.cluster.target import resolve_target
from tests.release.image_archive import MEGABYTE, Archive

COLLECTOR_LIMIT = 60 * MEGABYTE
OPERATOR, COLLECTOR = "kubetune/operator:dev", "kubetune/collector:dev"
COMPILED = {OPERATOR: {"numpy", "pydantic_core", "scipy", "sklearn"}, COLLECTOR: set[str]()}
ELF_MACHINES = {"amd64": 0x3E, "arm64": 0xB7}


@pytest.fixture(scope="module")
def layout() -> Layout:
    if not resolve_target(os.environ).own:
        pytest.skip("another cluster's images are not built on this machine")
    return default_layout()


@pytest.fixture(scope="module")
def native_images(layout: Layout) -> dict[str, Archive]:
    return archives(prepare_images(layout, Reporter()))


@pytest.fixture(scope="module")
def foreign_images(layout: Layout) -> Iterator[dict[str, Archive]]:
    layout.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="foreign-images-", dir=layout.cache) as folder:
        yield archives(build_foreign_images(layout, Reporter(), Path(folder)))


@pytest.fixture(scope="module", params=["native", "foreign"])
def processor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def images(request: pytest.FixtureRequest, processor: str) -> dict[str, Archive]:
    found: dict[str, Archive] = request.getfixturevalue(f"{processor}_images")
    return found


def archives(paths: Mapping[str, Path]) -> dict[str, Archive]:
    return {name: Archive(path) for name, path in paths.items()}


def app(archive: Archive) -> set[str]:
    """Return the sources below /app, by path."""
    names = {file.name.removeprefix("./").lstrip("/") for file in archive.files() if file.isfile()}
    return {name for name in names if name.startswith("app/") and "__pycache__" not in name}


@pytest.mark.cluster
@pytest.mark.parametrize("name", [OPERATOR, COLLECTOR])
def test_an_image_runs_as_nobody_and_says_what_it_is(images: dict[str, Archive], name: str) -> None:
    config = images[name].config
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", config["User"])
    labels = {key.removeprefix("org.opencontainers.image.") for key in config["Labels"]}
    assert {"title", "description", "licenses", "version", "revision"} <= labels
    assert [
        file.name for file in images[name].files() if file.isfile() and file.mode & 0o6000
    ] == []


@pytest.mark.cluster
@pytest.mark.parametrize("name", [OPERATOR, COLLECTOR])
def test_every_program_and_library_of_an_image_is_for_its_processor(
    images: dict[str, Archive], processor: str, name: str
) -> None:
    both = processors()
    architecture = both.build if processor == "native" else both.target
    machines = images[name].machines()
    assert images[name].platform == ("linux", architecture)
    assert set(machines.values()) == {ELF_MACHINES[architecture]}
    assert "python3.11" in {PurePosixPath(path).name for path in machines}
    compiled = {path.split("/")[1] for path in machines if path.startswith("app/")}
    assert compiled >= COMPILED[name]


@pytest.mark.cluster
@pytest.mark.parametrize("name", [OPERATOR, COLLECTOR])
def test_an_image_has_no_installer(images: dict[str, Archive], name: str) -> None:
    parts = {part for file in images[name].files() for part in PurePosixPath(file.name).parts}
    assert "python3.11" in parts
    assert parts & {"pip", "ensurepip", "idlelib", "tkinter", "python-wheels"} == set()


@pytest.mark.cluster
def test_the_collector_is_the_standard_library_and_itself(images: dict[str, Archive]) -> None:
    package = ROOT / "operator" / "kubetune"
    sources = {package / "__init__.py", *(package / "collector").glob("*.py")}
    want = {f"app/{path.relative_to(ROOT / 'operator').as_posix()}" for path in sources}
    assert app(images[COLLECTOR]) == want


@pytest.mark.cluster
def test_the_collector_is_small(images: dict[str, Archive]) -> None:
    assert MEGABYTE < images[COLLECTOR].compressed() < COLLECTOR_LIMIT


@pytest.mark.cluster
def test_the_operator_holds_what_the_lock_says(images: dict[str, Archive]) -> None:
    lock = read_lock((ROOT / "operator" / "requirements.txt").read_text("utf-8"))
    found = {
        match[1].lower().replace("_", "-"): match[2]
        for name in app(images[OPERATOR])
        if (match := re.fullmatch(r"app/([\w.]+)-([\w.]+)\.dist-info/METADATA", name))
    }
    assert found == {name: locked.version for name, locked in lock.items()}


@pytest.mark.cluster
def test_the_same_sources_make_the_same_image(
    layout: Layout, native_images: dict[str, Archive], tmp_path: Path
) -> None:
    reporter = Reporter()
    (image,) = (image for image in IMAGES if image.name == COLLECTOR)
    again = "localhost/kubetune-again:1"
    build_image(
        layout,
        reporter,
        name=again,
        dockerfile=ROOT / image.dockerfile,
        context=ROOT / image.context,
        base=native_base(layout, reporter),
        target=image.target,
        anew=True,
    )
    write_archive(layout, again, tmp_path / "again.tar")
    assert Archive(tmp_path / "again.tar").identity == native_images[COLLECTOR].identity


@pytest.mark.tools
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_pinned_package_has_a_wheel_for_the_processor(tmp_path: Path, machine: str) -> None:
    command = [
        *(sys.executable, "-m", "uv", "pip", "install", "--dry-run", "--no-deps"),
        *("--require-hashes", "--only-binary", ":all:", "--target", str(tmp_path)),
        *("--python-version", "3.11", "--python-platform", f"{machine}-manylinux_2_28"),
        *("--requirement", str(ROOT / "operator" / "requirements.txt")),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "numpy" in done.stderr


def test_the_base_is_pinned_and_nothing_is_copied_that_the_context_hides() -> None:
    text = (ROOT / "operator" / "Dockerfile").read_text("utf-8")
    assert re.search(r"(?m)^ARG BASE_IMAGE=\S+:3\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}$", text)
    assert "--require-hashes" in text
    copied = re.findall(r"(?m)^COPY (?!--from)(\S+) ", text)
    shown = re.findall(r"(?m)^!(\S+)$", (ROOT / ".dockerignore").read_text("utf-8"))
    assert copied
    assert [path for path in copied if not path.startswith(tuple(shown))] == []
