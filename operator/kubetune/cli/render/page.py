"""A page of prose for a terminal: titles, and below each its lines, wrapped."""

from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import wrap

WIDTH = 100
"""Columns of a page: it is read, and perhaps pasted somewhere, so it does not follow the window."""

_INDENT = "  "


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A title and what stands below it; one without lines is left out.

    Attributes:
        title: In words, without a point.
        lines: One statement each; wrapped where they are long.
    """

    title: str
    lines: tuple[str, ...]


def page(head: str, sections: Iterable[Section]) -> str:
    """The text of a page, with a line end."""
    lines = wrap(head, WIDTH)
    for section in sections:
        if section.lines:
            lines += ["", section.title, *_wrapped(section.lines)]
    return "\n".join(lines) + "\n"


def listed(names: Iterable[str], *, most: int = 3) -> str:
    """Names in one phrase: the first few, and how many more there are."""
    shown = list(names)
    more = len(shown) - most
    return ", ".join(shown[:most]) + (f" and {more} more" if more > 0 else "")


def plural(count: int, word: str) -> str:
    """A number with its word, in the plural where that is right."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _wrapped(lines: Iterable[str]) -> list[str]:
    found: list[str] = []
    for line in lines:
        inner = _INDENT + line[: len(line) - len(line.lstrip())]
        found += wrap(
            line.strip(),
            WIDTH,
            initial_indent=inner,
            subsequent_indent=inner + _INDENT,
            break_on_hyphens=False,
        )
    return found
