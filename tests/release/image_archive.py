"""What an image is made of, read from the archive that `docker save` or buildah writes of it."""

import json
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Archive:
    """An image as `docker save` writes it: layers, not compressed, and its configuration."""

    path: Path

    @property
    def parts(self) -> dict[str, Any]:
        (manifest,) = self._json("manifest.json")
        return dict(manifest)

    @property
    def config(self) -> dict[str, Any]:
        return dict(self._json(self.parts["Config"])["config"])

    @property
    def platform(self) -> tuple[str, str]:
        image = self._json(self.parts["Config"])
        return image["os"], image["architecture"]

    @property
    def identity(self) -> str:
        return str(self.parts["Config"])

    def files(self) -> Iterator[tarfile.TarInfo]:
        """Yield what the layers bring, as paths below the root."""
        with tarfile.open(self.path) as archive:
            for layer in self.parts["Layers"]:
                with tarfile.open(fileobj=archive.extractfile(_linked(archive, layer))) as files:
                    yield from files

    def machines(self) -> dict[str, int]:
        """Return the processor of every program and library, as ELF numbers it, by path."""
        found: dict[str, int] = {}
        with tarfile.open(self.path) as archive:
            for layer in self.parts["Layers"]:
                with tarfile.open(fileobj=archive.extractfile(_linked(archive, layer))) as files:
                    for file in files:
                        content = files.extractfile(file) if file.isfile() else None
                        head = content.read(20) if content else b""
                        if head.startswith(b"\x7fELF"):
                            name = file.name.removeprefix("./").lstrip("/")
                            found[name] = int.from_bytes(head[18:20], "little")
        return found

    def compressed(self) -> int:
        """Return the bytes that a node would pull, with gzip's usual effort."""
        total = 0
        with tarfile.open(self.path) as archive:
            for layer in self.parts["Layers"]:
                content = archive.extractfile(_linked(archive, layer))
                assert content is not None
                packer = zlib.compressobj(6)
                while block := content.read(MEGABYTE):
                    total += len(packer.compress(block))
                total += len(packer.flush())
        return total

    def _json(self, name: str) -> Any:
        with tarfile.open(self.path) as archive:
            content = archive.extractfile(name)
            assert content is not None
            return json.load(content)


def _linked(archive: tarfile.TarFile, name: str) -> tarfile.TarInfo:
    member = archive.getmember(name)
    if not member.issym():
        return member
    target = PurePosixPath(name).parent / member.linkname
    parts: list[str] = []
    for part in target.parts:
        parts = parts[:-1] if part == ".." else [*parts, part]
    return archive.getmember("/".join(parts))
