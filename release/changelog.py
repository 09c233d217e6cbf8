"""CHANGELOG.md, in the form of Keep a Changelog: read by section, closed for a release. Pure."""

import re
from typing import Final

UNRELEASED: Final = "Unreleased"
_HEADING: Final = re.compile(r"(?m)^## (?P<version>\S+)(?: - (?P<date>\d{4}-\d{2}-\d{2}))?$")


def sections(text: str) -> dict[str, str]:
    """Return what stands under each version, newest first.

    Raises:
        ValueError: a released version has no date, or a heading is none of ours.
    """
    found: dict[str, str] = {}
    headings = list(_HEADING.finditer(text))
    if len(headings) != len(re.findall(r"(?m)^## ", text)):
        raise ValueError("CHANGELOG.md: a heading is neither `## Unreleased` nor `## 1.2.3 - DATE`")
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    for heading, end in zip(headings, ends, strict=True):
        name = heading["version"]
        if (heading["date"] is None) != (name == UNRELEASED):
            raise ValueError(f"CHANGELOG.md: {name} must be dated, and Unreleased must not")
        found[name] = text[heading.end() : end].strip()
    return found


def notes(text: str, version: str) -> str:
    """Return the notes of a release: what stands under its version.

    Raises:
        KeyError: there is no such section.
    """
    return sections(text)[version] + "\n"


def closed(text: str, version: str, date: str) -> str:
    """Return the changelog with all that was unreleased under a version and its date.

    Raises:
        ValueError: nothing is unreleased, or the version is there already.
    """
    found = sections(text)
    if not found.get(UNRELEASED):
        raise ValueError(f"CHANGELOG.md: nothing under {UNRELEASED}, so nothing to release")
    if version in found:
        raise ValueError(f"CHANGELOG.md: {version} is there already")
    return text.replace(f"## {UNRELEASED}\n", f"## {UNRELEASED}\n\n## {version} - {date}\n", 1)
