"""Build the project's images and load them into the node; both only when something changed."""

import hashlib
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.cluster.base_image import base_rootfs, chosen_base
from tests.cluster.buildah import build_image, import_rootfs, trim_storage, write_archive
from tests.cluster.containerd import image_names, load_image
from tests.cluster.errors import BringUpError
from tests.cluster.files import write_whole
from tests.cluster.health import is_healthy
from tests.cluster.layout import Layout
from tests.cluster.lock import held
from tests.cluster.packages import IMAGE_PACKAGES, NODE_PACKAGES, install
from tests.cluster.progress import Reporter


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image of the project.

    `inputs` are the files and folders, relative to the repository, that its Dockerfile copies;
    those that do not exist are skipped. `context` is the folder that the Dockerfile sees.
    """

    name: str
    dockerfile: str
    context: str
    inputs: tuple[str, ...]
    target: str | None = None

    @property
    def full_name(self) -> str:
        """The name as Kubernetes completes it."""
        return f"docker.io/{self.name}"

    @property
    def short_name(self) -> str:
        """The one word for it in messages and file names."""
        return self.name.rpartition("/")[2].partition(":")[0]


IMAGES: Final = (
    Image(
        name="kubetune/operator:dev",
        dockerfile="operator/Dockerfile",
        target="operator",
        context=".",
        inputs=("operator/requirements.txt", "operator/kubetune"),
    ),
    Image(
        name="kubetune/collector:dev",
        dockerfile="operator/Dockerfile",
        target="collector",
        context=".",
        inputs=("operator/kubetune/__init__.py", "operator/kubetune/collector"),
    ),
    Image(
        name="kubetune/trainer:dev",
        dockerfile="manifests/samples/trainer/Dockerfile",
        context="manifests/samples/trainer",
        inputs=("manifests/samples/trainer",),
    ),
)


def prepare_images(layout: Layout, reporter: Reporter) -> dict[str, Path]:
    """Build what is not built yet; the archive of each image by its name. Needs no cluster.

    Raises:
        BringUpError: a build failed.
    """
    install(layout, (*NODE_PACKAGES, *IMAGE_PACKAGES), reporter)
    with held(layout.cache / "images.lock", reporter):
        keys = {image.name: _key(layout, image) for image in IMAGES}
        archives = {image.name: _archive(layout, image, keys[image.name]) for image in IMAGES}
        stale = [image for image in IMAGES if not archives[image.name].exists()]
        if stale:
            base = native_base(layout, reporter)
            with ThreadPoolExecutor() as pool:
                builds = [
                    pool.submit(_build, layout, reporter, image, base, archives[image.name])
                    for image in stale
                ]
                for build in builds:
                    build.result()
            trim_storage(layout)
    return archives


def ensure_images(layout: Layout, reporter: Reporter) -> bool:
    """Have the node hold the present build of every image; True when one was loaded.

    Raises:
        BringUpError: a build or a load failed, or no cluster is up.
    """
    archives = prepare_images(layout, reporter)
    with held(layout.lock, reporter):
        if not is_healthy(layout, "containerd"):
            raise BringUpError("the images are built, but no cluster is up to load them into")
        loaded = _read_loaded(layout)
        present = image_names(layout)
        changed = False
        for image in IMAGES:
            archive = archives[image.name]
            if loaded.get(image.name) == archive.stem and image.full_name in present:
                continue
            load_image(layout, archive)
            loaded[image.name] = archive.stem
            write_whole(layout.loaded_images, json.dumps(loaded, indent=1))
            reporter.say(f"image {image.name}: loaded into the node")
            changed = True
    return changed


def native_base(layout: Layout, reporter: Reporter) -> str:
    """The name of the base image for this machine's processor, which is made unless it is there.

    Raises:
        BringUpError: it cannot be made.
    """
    chosen = chosen_base()
    if chosen:
        return chosen
    rootfs = base_rootfs(layout, reporter)
    name = f"localhost/kubetune-{rootfs.stem}:1"
    import_rootfs(layout, name, rootfs)
    return name


def content_hash(files: Iterable[Path], *, root: Path, extra: str) -> str:
    """Twelve hexadecimal digits that change with the name or content of a file, or with `extra`."""
    digest = hashlib.sha256(extra.encode())
    for file in sorted(files):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"\0{file.relative_to(root).as_posix()} {content}".encode())
    return digest.hexdigest()[:12]


def input_files(root: Path, inputs: Iterable[str]) -> tuple[Path, ...]:
    """Every file at or below `inputs`, without what Python leaves beside its sources."""
    found: set[Path] = set()
    for name in inputs:
        path = root / name
        if path.is_dir():
            found.update(each for each in path.rglob("*") if each.is_file())
        elif path.is_file():
            found.add(path)
    return tuple(sorted(path for path in found if "__pycache__" not in path.parts))


def _key(layout: Layout, image: Image) -> str:
    root = layout.repository
    files = input_files(root, (*image.inputs, image.dockerfile))
    return content_hash(files, root=root, extra=chosen_base() or "")


def _archive(layout: Layout, image: Image, key: str) -> Path:
    return layout.cache / "images" / f"{image.short_name}-{key}.tar"


def _build(layout: Layout, reporter: Reporter, image: Image, base: str, archive: Path) -> None:
    reporter.say(f"image {image.name}: building")
    archive.parent.mkdir(parents=True, exist_ok=True)
    build_image(
        layout,
        reporter,
        name=image.full_name,
        dockerfile=layout.repository / image.dockerfile,
        context=layout.repository / image.context,
        base=base,
        target=image.target,
    )
    write_archive(layout, image.full_name, archive)
    for older in archive.parent.glob(f"{image.short_name}-*.tar"):
        if older != archive:
            older.unlink()
    reporter.say(f"image {image.name}: built")


def _read_loaded(layout: Layout) -> dict[str, str]:
    try:
        loaded: dict[str, str] = json.loads(layout.loaded_images.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return loaded
