"""Reads YAML manifests as kubectl does, and remembers on which line each field stands.

PyYAML alone would read `1e-4` and `y` as text and `12:30` as a number; kubectl does not. What its
strict decoding refuses (a key given twice, a number that JSON cannot say) is a fault here too.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

MOST_NODES = 50_000
"""Nodes of one document at most, aliases followed: a TuningJob has some hundred."""

_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(?i:inf|nan)")
_INTEGER = re.compile(r"[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|0|[1-9][0-9_]*)")
_YES_OR_NO = re.compile("^[yYnN]$")
_REPLACED = ("float", "int", "timestamp")
_TAG = "tag:yaml.org,2002:"
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class ManifestError(Exception):
    """Raised by `read_documents`: the text is not YAML. The file counts as invalid."""

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        self.message = message
        super().__init__(f"line {line}: {message}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One YAML document.

    Attributes:
        line: Its first line, from 1.
        body: What it says, as JSON values.
        lines: Line of each field by its path, such as `spec.parameters[0].min`.
        named: Path of an item of a list by the path that has its name for its number, such as
            `spec.parameters[hidden]`.
        complaints: What kubectl would refuse about the YAML itself: path and words.
    """

    line: int
    body: Any
    lines: dict[str, int] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    complaints: tuple[tuple[str, str], ...] = ()

    def line_of(self, path: str) -> int:
        """Line of a field, or of the nearest field around it that is written down."""
        while path:
            known = self.named.get(path, path)
            if known in self.lines:
                return self.lines[known]
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.line


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with kubectl's idea of numbers, times and truth."""

    bool_values: ClassVar[dict[str, bool]] = {**yaml.SafeLoader.bool_values, "y": True, "n": False}


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.removeprefix(_TAG) not in _REPLACED]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    f"{_TAG}int", re.compile(f"^(?:{_INTEGER.pattern})$"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    f"{_TAG}float", re.compile(f"^(?:{_FLOAT.pattern})$"), list("-+.0123456789")
)
_Loader.add_implicit_resolver(f"{_TAG}bool", _YES_OR_NO, list("yYnN"))


class _FastLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The same reading of numbers, by the C library where PyYAML has it.

    A lone y or n is text: who writes YAML by program quotes what a reader might take for truth.
    """

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {
        first: [(tag, pattern) for tag, pattern in resolvers if pattern is not _YES_OR_NO]
        for first, resolvers in _Loader.yaml_implicit_resolvers.items()
    }


def read_objects(text: str) -> list[Any]:
    """The documents of a file as values alone: fast, for what kubectl or a program has written.

    Raises:
        ManifestError: The text is neither JSON nor YAML.
    """
    if text.lstrip().startswith(("{", "[")):
        with suppress(ValueError):  # several documents, as YAML separates them
            return [json.loads(text)]
    try:
        return [found for found in yaml.load_all(text, Loader=_FastLoader) if found is not None]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        raise ManifestError(line, error.problem or str(error)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ManifestError(1, str(error).partition("\n")[0]) from None


def read_documents(text: str) -> list[Document]:
    """The documents of a file; empty ones are left out.

    Raises:
        ManifestError: The text is not YAML.
    """
    found: list[Document] = []
    try:
        loader = _Loader(text)
        while loader.check_node():
            root = loader.get_node()
            document = None if root is None else _document(loader, root)
            if document is not None and document.body is not None:
                found.append(document)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        raise ManifestError(line, error.problem or str(error)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ManifestError(1, str(error).partition("\n")[0]) from None
    return found


def _document(loader: _Loader, root: Node) -> Document:
    lines: dict[str, int] = {}
    named: dict[str, str] = {}
    complaints: list[tuple[str, str]] = []
    for seen, (path, line, node) in enumerate(_walk(root, "", complaints)):
        if seen > MOST_NODES:
            raise ManifestError(root.start_mark.line + 1, "the document is too large")
        lines.setdefault(path, line)
        if path.endswith("].name") and isinstance(node, ScalarNode):
            item = path.removesuffix(".name")
            named.setdefault(f"{item[: item.rindex('[')]}[{node.value}]", item)
        if isinstance(node, ScalarNode) and node.tag == f"{_TAG}float":
            word = node.value.lower().lstrip("+-")
            if word in (".inf", ".nan"):
                complaints.append((path, f"{path} is {node.value}, which JSON cannot say"))
    return Document(
        line=root.start_mark.line + 1,
        body=_with_text_keys(loader.construct_document(root)),
        lines=lines,
        named=named,
        complaints=tuple(complaints),
    )


def _walk(
    node: Node, path: str, complaints: list[tuple[str, str]]
) -> Iterator[tuple[str, int, Node]]:
    """Path, line and node of everything in the node; the line of a field is that of its key."""
    if isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield f"{path}[{index}]", item.start_mark.line + 1, item
            yield from _walk(item, f"{path}[{index}]", complaints)
    if not isinstance(node, MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        name, line = str(key.value), key.start_mark.line + 1
        step = f".{name}" if _KEY.fullmatch(name) else f"[{name!r}]"
        inner = f"{path}{step}".lstrip(".")
        if name in seen:
            complaints.append((inner, f"{inner} is given twice (again on line {line})"))
        seen.add(name)
        yield inner, line, value
        yield from _walk(value, inner, complaints)


def _with_text_keys(value: Any) -> Any:
    """The value with every key as text, as JSON has it."""
    if isinstance(value, dict):
        return {
            json.dumps(key) if isinstance(key, bool) else str(key): _with_text_keys(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_with_text_keys(inner) for inner in value]
    return value
