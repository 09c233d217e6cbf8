"""The project's images for the other processor, built without running one of its programs."""

import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.cluster.base_image import base_rootfs, chosen_base
from tests.cluster.buildah import (
    Processors,
    build_image,
    import_rootfs,
    joined,
    trim_storage,
    write_archive,
)
from tests.cluster.errors import BringUpError
from tests.cluster.images import IMAGES, native_base
from tests.cluster.layout import Layout
from tests.cluster.lock import held
from tests.cluster.packages import IMAGE_PACKAGES, install
from tests.cluster.progress import Reporter

PROCESSORS: Final[Mapping[str, Processors]] = {
    "x86_64": Processors(build="amd64", target="arm64"),
    "aarch64": Processors(build="arm64", target="amd64"),
}
"""By the name that the kernel has for the processor of this machine."""

PUBLISHED: Final = tuple(image for image in IMAGES if image.dockerfile == "operator/Dockerfile")
"""The sample training is built by its users, where they use it."""


def processors() -> Processors:
    """This machine's processor, and the other one that there are images for.

    Raises:
        BringUpError: this machine has a third one.
    """
    machine = platform.machine()
    if machine not in PROCESSORS:
        raise BringUpError(f"there are no images for {machine}, the processor of this machine")
    return PROCESSORS[machine]


def build_foreign_images(layout: Layout, reporter: Reporter, folder: Path) -> dict[str, Path]:
    """Build what a release publishes for the other processor; the archives, in `folder`, by name.

    Raises:
        BringUpError: a build failed.
    """
    both = processors()
    install(layout, IMAGE_PACKAGES, reporter)
    archives = {image.name: folder / f"{image.short_name}.tar" for image in PUBLISHED}
    with held(layout.cache / "images.lock", reporter):
        with _base(layout, reporter, both) as base:
            for image in PUBLISHED:
                reporter.say(f"image {image.name} for {both.target}: building")
                name = f"localhost/kubetune-{both.target}-{image.short_name}:1"
                build_image(
                    layout,
                    reporter,
                    name=name,
                    dockerfile=layout.repository / image.dockerfile,
                    context=layout.repository / image.context,
                    base=base,
                    target=image.target,
                    processors=both,
                )
                write_archive(layout, name, archives[image.name])
        trim_storage(layout)
    return archives


@contextmanager
def _base(layout: Layout, reporter: Reporter, both: Processors) -> Iterator[str]:
    """The name of a base image for either processor."""
    chosen = chosen_base()
    if chosen:
        yield chosen
        return
    rootfs = base_rootfs(layout, reporter, foreign=both.target)
    name = f"localhost/kubetune-{rootfs.stem}:1"
    import_rootfs(layout, name, rootfs, architecture=both.target)
    with joined(layout, [native_base(layout, reporter), name]) as base:
        yield base
