"""The README as data: its fenced blocks, its commands, its links."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?P<target>[^)]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block."""

    language: str
    text: str

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands of a shell block: one a line, continued by a backslash."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return tuple(line for line in lines if line and not line.startswith("#"))


def blocks(language: str | None = None) -> tuple[Block, ...]:
    """Return the blocks of a language, or all of them, in the order of the page."""
    found = (Block(m["language"], m["text"]) for m in _FENCE.finditer(README.read_text("utf-8")))
    return tuple(block for block in found if language in (None, block.language))


def commands() -> tuple[str, ...]:
    """Return all commands, in the order of the page."""
    return tuple(command for block in blocks("sh") for command in block.commands)


def links() -> tuple[str, ...]:
    """Return what the page links to."""
    return tuple(match["target"] for match in _LINK.finditer(README.read_text("utf-8")))


def manifest() -> str:
    """Return the TuningJob that the page calls digits.yaml."""
    (block,) = blocks("yaml")
    return block.text
