"""Run buildah: its storage in the cache, its mounts in a namespace that goes when it ends."""

import configparser
import io
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from release.epoch import FIXED_DAY
from tests.cluster.commands import run, run_long
from tests.cluster.errors import BringUpError
from tests.cluster.layout import Layout
from tests.cluster.progress import Reporter

PIP_SETTINGS: Final = (
    *("cert", "default-timeout", "extra-index-url", "index-url", "proxy", "retries"),
    *("timeout", "trusted-host"),
)
"""Settings of pip about how to reach package sources; they hold inside a build as well."""

STORAGE_LIMIT_BYTES: Final = 8 * 1024**3
"""A first build takes 2 GiB."""

CONTAINER_PIP_CACHE: Final = "/root/.cache/pip"
"""Where pip keeps its cache in a build container, whose user is root; no path of the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Processors:
    """Architectures as Debian and images name them: where a build is done, and what it is for."""

    build: str
    target: str


def build_image(
    layout: Layout,
    reporter: Reporter,
    *,
    name: str,
    dockerfile: Path,
    context: Path,
    base: str,
    target: str | None,
    anew: bool = False,
    processors: Processors | None = None,
) -> None:
    """Build the image `name` from a Dockerfile (and of it the stage `target`).

    With `anew` no layer of an earlier build is used. `processors` is None for this machine's; else
    `base` has to name an image of both.

    Raises:
        BringUpError: a step of the Dockerfile failed; the message carries its last words.
    """
    short = name.rpartition("/")[2].partition(":")[0]
    with _program(layout) as buildah:
        run_long(
            [
                *buildah,
                *("bud", "--isolation=chroot", "--layers", f"--build-arg=BASE_IMAGE={base}"),
                f"--timestamp={FIXED_DAY}",
                *(["--no-cache"] if anew else []),
                *(_platform_options(processors) if processors else []),
                *volume_options(layout),
                *([f"--target={target}"] if target else []),
                f"--tag={name}",
                f"--file={dockerfile}",
                context,
            ],
            doing=f"building the image {short}",
            log=layout.cache / "logs" / f"image-{short}.log",
            reporter=reporter,
            describe=lambda _, last: f"image {short}: {last[:70]}",
        )


def write_archive(layout: Layout, name: str, archive: Path) -> None:
    """Write the image `name` as an archive that containerd (or `docker load`) reads."""
    partial = archive.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with _program(layout) as buildah:
        run(
            [*buildah, "push", "--quiet", name, f"docker-archive:{partial}:{name}"],
            timeout_seconds=600,
        )
    partial.rename(archive)


def import_rootfs(
    layout: Layout, name: str, rootfs: Path, *, architecture: str | None = None
) -> None:
    """Make the image `name` of the root file system in `rootfs`, unless there is one.

    `architecture` is None for this machine's.
    """
    with _program(layout) as buildah:
        if _is_there(buildah, name):
            return
        with tempfile.TemporaryDirectory(dir=layout.cache) as folder:
            dockerfile = Path(folder, "Dockerfile")
            dockerfile.write_text(
                "FROM scratch\n"
                f"ADD {rootfs.name} /\n"
                "ENV PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8\n"
            )
            context = Path(folder, rootfs.name)
            os.link(rootfs, context)
            platform = [f"--platform=linux/{architecture}"] if architecture else []
            run(
                [*buildah, "bud", f"--tag={name}", *platform, "--file", dockerfile, folder],
                timeout_seconds=600,
            )


@contextmanager
def joined(layout: Layout, images: Sequence[str]) -> Iterator[str]:
    """One name, as long as the block lasts, for images of several processors.

    A build takes that of the platform which its Dockerfile asks for, as it would from a registry.
    """
    name = f"localhost/kubetune-joined:{secrets.token_hex(4)}"
    with _program(layout) as buildah:
        run([*buildah, "manifest", "create", name])
        try:
            for image in images:
                run([*buildah, "manifest", "add", name, f"containers-storage:{image}"])
            yield name
        finally:
            run([*buildah, "manifest", "rm", name])


def trim_storage(layout: Layout) -> bool:
    """Forget every layer once they take too much room; True when they did.

    Each change of the code or of a dependency leaves layers behind, and buildah cannot tell those
    that a later build will want. The next build makes what it needs anew.
    """
    storage = layout.cache / "buildah"
    if not storage.exists():
        return False
    kibibytes = int(run(["du", "--summarize", "--one-file-system", storage]).split()[0])
    if kibibytes * 1024 <= STORAGE_LIMIT_BYTES:
        return False
    shutil.rmtree(storage)
    return True


def volume_options(layout: Layout) -> list[str]:
    """What a build sees of this machine: pip's settings, its cache, and a certificate bundle.

    The bundle is shown only where pip is told to trust one; a build container knows nothing of
    the authorities that a machine was given.
    """
    settings = pip_settings(os.environ)
    pip_cache = layout.cache / "pip"
    pip_cache.mkdir(parents=True, exist_ok=True)
    options = [f"--volume={pip_cache}:{CONTAINER_PIP_CACHE}:rw"]
    if settings:
        path = layout.cache / "pip.conf"
        path.touch(mode=0o600)
        path.write_text(pip_configuration(settings))
        options.append(f"--volume={path}:/etc/pip.conf:ro")
    bundle = settings.get("cert")
    if bundle:
        options.append(f"--volume={bundle}:{bundle}:ro")
    return options


def pip_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """How this machine's pip reaches its package sources: its files, then its environment.

    Python's usual variable for a certificate bundle counts where pip itself is told nothing.
    """
    found: dict[str, str] = {}
    if environment.get("SSL_CERT_FILE"):
        found["cert"] = environment["SSL_CERT_FILE"]
    try:
        listed = run([sys.executable, "-m", "pip", "config", "list"])
    except BringUpError:
        listed = ""
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        option = name.rpartition(".")[2]
        if option in PIP_SETTINGS:
            found[option] = value.strip("'")
    for option in PIP_SETTINGS:
        told = environment.get(f"PIP_{option.upper().replace('-', '_')}")
        if told:
            found[option] = told
    return found


def pip_configuration(settings: Mapping[str, str]) -> str:
    """The text of a pip.conf with `settings`."""
    parser = configparser.RawConfigParser()
    parser["global"] = dict(settings)
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()


def _is_there(buildah: Sequence[str], name: str) -> bool:
    # To list all images would measure each of them, which takes half a minute in the end.
    try:
        run([*buildah, "inspect", "--type=image", "--format={{.FromImageID}}", name])
    except BringUpError:
        return False
    return True


def _platform_options(processors: Processors) -> list[str]:
    # buildah does not tell a Dockerfile by itself where it runs.
    return [
        f"--platform=linux/{processors.target}",
        f"--build-arg=BUILDPLATFORM=linux/{processors.build}",
    ]


@contextmanager
def _program(layout: Layout) -> Iterator[Sequence[str]]:
    """The first words of a buildah command.

    Each command notes its mounts in a folder of its own, because it makes them in a mount
    namespace of its own; several may then build at once.
    """
    notes = Path(tempfile.mkdtemp(prefix="buildah-"))
    try:
        yield (
            *("unshare", "--mount", "--propagation", "slave", "--"),
            *("buildah", f"--root={layout.cache / 'buildah'}", f"--runroot={notes}"),
            "--storage-driver=overlay",
        )
    finally:
        shutil.rmtree(notes, ignore_errors=True)
