"""Pieces of Markdown."""

import re
from collections.abc import Iterable, Sequence

_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")


def generated(title: str, *paragraphs: str) -> str:
    """Return the beginning of a page that `make generate` writes."""
    note = "<!-- Made by `make generate` (handbook/). Do not edit. -->"
    return "\n\n".join([note, f"# {title}", *paragraphs])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a bar in a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def code(text: object) -> str:
    """Return a text as code."""
    return f"`{text}`"


def anchor(heading: str) -> str:
    """Return the anchor that GitHub gives to a heading."""
    return _NOT_IN_ANCHORS.sub("", heading.lower()).replace(" ", "-")


def fields_as_code(text: str) -> str:
    """Return a description with its field paths and placeholders set as code."""
    return _CODE.sub(lambda found: code(found[0]), text)


_CODE = re.compile(
    r"(?<![`\w/$.])(?:"
    r"\$\((?:params|trial)\.\w+\)"
    r"|(?:spec|status|limits|completion|strategy|checkpoint)(?:\.[a-z]\w*)+"
    r"|kubetune\.dev/[\w-]+"
    r"|KUBETUNE_[A-Z_]+(?:<NAME>)?"
    r")(?![`\w])"
)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
