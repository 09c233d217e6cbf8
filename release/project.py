"""Where the project says its version, and that all of these places say the same."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from release.changelog import UNRELEASED, sections

ROOT: Final = Path(__file__).resolve().parents[1]
VERSION: Final = re.compile(r"\d+\.\d+\.\d+(-(alpha|beta|rc)\.\d+)?")
"""Semantic versions, with pre-releases of three kinds; Python spells 1.0.0-rc.1 as 1.0.0rc1."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line that says the version: its file, and a pattern whose only group is the version."""

    path: str
    pattern: str


PLACES: Final[Mapping[str, Place]] = {
    "package": Place("operator/kubetune/__init__.py", r'(?m)^__version__ = "(.+)"$'),
    "chart": Place("helm/kubetune/Chart.yaml", r"(?m)^version: (.+)$"),
    "images": Place("helm/kubetune/Chart.yaml", r"(?m)^appVersion: (.+)$"),
}


def versions(root: Path = ROOT) -> dict[str, str]:
    """Return the version that each place says.

    Raises:
        ValueError: a place does not say one, or says it twice.
    """
    found = {}
    for what, place in PLACES.items():
        said = re.findall(place.pattern, (root / place.path).read_text("utf-8"))
        if len(said) != 1:
            raise ValueError(f"{place.path} says the version of the {what} {len(said)} times")
        found[what] = said[0]
    return found


def version(root: Path = ROOT) -> str:
    """Return the project's version: the package's, which the others follow."""
    return versions(root)["package"]


def disagreements(root: Path = ROOT, *, tag: str | None = None) -> list[str]:
    """Return what stands against a release, or against the present state; empty for nothing.

    Args:
        root: The repository.
        tag: The release's tag, such as v0.2.0: the changelog must then have its section, and
            nothing that is unreleased. None: places must agree, no more.
    """
    said = versions(root)
    wanted = said["package"]
    found = [f"{PLACES[w].path}: {w} {v}, not {wanted}" for w, v in said.items() if v != wanted]
    if not VERSION.fullmatch(wanted):
        found.append(f"{wanted} is not a version such as 1.2.3 or 1.2.3-rc.1")
    listed = sections((root / "CHANGELOG.md").read_text("utf-8"))
    if list(listed)[:1] != [UNRELEASED]:
        found.append(f"CHANGELOG.md: the first section is not {UNRELEASED}")
    if tag is None:
        return found
    if tag != f"v{wanted}":
        found.append(f"the tag is {tag}, the version {wanted}")
    if not listed.get(wanted):
        found.append(f"CHANGELOG.md: nothing under {wanted}")
    if listed.get(UNRELEASED):
        found.append(f"CHANGELOG.md: something is still under {UNRELEASED}")
    return found
