"""A page of Markdown as data: its blocks, what is said of them, its links and anchors.

A block says by the lines around it what it is, and so to the reader as well:

    Save this as `digits.yaml`:            the line before names the file that it is
    *Not run by the tests: REASON.*        the paragraph after: its commands are not run
    *Dry run by the tests: REASON.*        the API server judges its commands without doing them
    *Not checked by the tests: REASON.*    the same of YAML, JSON and shown output

A `text` block right after a shell block is what its commands print: each line of it, in that order.
A word with a digit in it may be another one with a digit, and `...` stands for whatever follows.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from handbook.markdown import anchor

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"```(?P<language>\w*)\s*\Z")
_FILE = re.compile(r"`(?P<name>[\w.-]+\.(?:yaml|py|csv|json))`[^`]*:\Z")
_REMARK = re.compile(
    r"\*(?P<kind>Not run|Dry run|Not checked) by the tests: (?P<reason>.+)\.\*\Z", re.DOTALL
)
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"#+ (?P<text>.+)")
_CODE = re.compile(r"`[^`]*`")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block.

    Attributes:
        language: The word after the fence.
        text: What is in it.
        line: Number of its first line in the page.
        file: The name that the line before gives it; "" if none.
        remark: Not run, Dry run or Not checked; "" if it is run or checked.
        reason: Why so.
        follows_commands: True right after a shell block.
    """

    language: str
    text: str
    line: int
    file: str
    remark: str
    reason: str
    follows_commands: bool

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands of a shell block: one a line, continued by a backslash."""
        if self.language != "sh":
            return ()
        lines = self.text.replace("\\\n", " ").splitlines()
        return tuple(line for line in lines if line and not line.startswith("#"))


@dataclass(frozen=True)
class Page:
    """A page, by its path."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        return tuple(_blocks(self.text.splitlines()))

    @property
    def prose(self) -> str:
        """The page without its blocks."""
        return "\n".join(text for _, text in _prose(self.text.splitlines()))

    @property
    def links(self) -> tuple[str, ...]:
        """What the page links to."""
        return tuple(match["target"] for match in _LINK.finditer(_CODE.sub("", self.prose)))

    @property
    def anchors(self) -> frozenset[str]:
        """The anchors of its headings, repeated ones numbered."""
        seen: dict[str, int] = {}
        found = set()
        for line in self.prose.splitlines():
            heading = _HEADING.match(line)
            if heading is not None:
                name = anchor(heading["text"])
                found.add(f"{name}-{seen[name]}" if name in seen else name)
                seen[name] = seen.get(name, 0) + 1
        return frozenset(found)

    def of(self, language: str) -> tuple[Block, ...]:
        """Return the blocks of a language."""
        return tuple(block for block in self.blocks if block.language == language)


def written_pages() -> tuple[Page, ...]:
    """Return the pages of the handbook that people write, by path."""
    made = (DOCS / "reference").glob("[!R]*.md")
    return tuple(Page(path) for path in sorted({*DOCS.rglob("*.md")} - {*made}))


def _blocks(lines: list[str]) -> Iterator[Block]:
    before, was_shell = "", False
    at = 0
    while at < len(lines):
        opening = _FENCE.match(lines[at])
        if opening is None:
            if lines[at].strip():
                before, was_shell = lines[at].strip(), False
            at += 1
            continue
        end = lines.index("```", at + 1)
        named = _FILE.search(before)
        remark = _REMARK.match(_paragraph_after(lines, end))
        yield Block(
            language=opening["language"],
            text="".join(f"{line}\n" for line in lines[at + 1 : end]),
            line=at + 2,
            file=named["name"] if named else "",
            remark=remark["kind"] if remark else "",
            reason=" ".join(remark["reason"].split()) if remark else "",
            follows_commands=was_shell,
        )
        before, was_shell = "", opening["language"] == "sh"
        at = end + 1


def _paragraph_after(lines: list[str], at: int) -> str:
    text = "\n".join(lines[at + 1 :]).lstrip("\n")
    return text.partition("\n\n")[0].strip()


def _prose(lines: list[str]) -> Iterator[tuple[int, str]]:
    inside = False
    for number, line in enumerate(lines, start=1):
        if line.startswith("```"):
            inside = not inside
        elif not inside:
            yield number, line
