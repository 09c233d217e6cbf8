"""Write files so that a crash leaves the old content or the new, never half of it."""

import os
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Replace the content of `path` in one step; its folder is made when it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(text)
    partial.replace(path)
