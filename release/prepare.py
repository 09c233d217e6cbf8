"""Set the next version everywhere and close the changelog's section: the commit before a tag."""

import re
from pathlib import Path

from release.changelog import closed
from release.project import PLACES, VERSION


def prepare(root: Path, version: str, date: str) -> None:
    """Write a version into every place that says one, and date the changelog's section.

    Raises:
        ValueError: it is no version, or nothing is unreleased.
    """
    if not VERSION.fullmatch(version):
        raise ValueError(f"{version} is not a version such as 1.2.3 or 1.2.3-rc.1")
    changelog = root / "CHANGELOG.md"
    changed = {changelog: closed(changelog.read_text("utf-8"), version, date)}
    for place in PLACES.values():
        path = root / place.path
        text = changed.get(path) or path.read_text("utf-8")
        changed[path] = re.sub(
            place.pattern, lambda found: found[0].replace(found[1], version), text
        )
    for path, text in changed.items():
        path.write_text(text, "utf-8")
