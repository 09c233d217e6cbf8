"""Write files that are made, or say which of them are stale."""

from collections.abc import Mapping
from pathlib import Path

Texts = Mapping[Path, str]
"""Texts by their paths below the repository's root."""


def stale(root: Path, texts: Texts) -> dict[Path, str]:
    """Return the texts whose files are missing or say something else."""
    return {
        path: text
        for path, text in texts.items()
        if not (root / path).is_file() or (root / path).read_text("utf-8") != text
    }


def write(root: Path, texts: Texts) -> None:
    """Write the files, and the folders that they are in."""
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
