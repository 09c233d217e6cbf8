"""What a rule is: one thing that crosses fields, said once for the API server and for Python.

A rule holds its CEL expression beside the Python check that means the same, and one message that
both use. The message is a template: `{max}` stands for a field of the node that the rule is about,
any other `{word}` for an entry of `words`. The rules themselves are in api.rules_*.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any, Generic, TypeVar

from pydantic.alias_generators import to_snake

T = TypeVar("T")

_SLOT = re.compile(r"\{([A-Za-z.]+)\}")
_PLAIN_POWERS = range(-4, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word(Generic[T]):
    """A part of a message that is computed.

    Attributes:
        cel: CEL expression of type string; `self` is the node that the rule is about.
        text: The same in Python.
    """

    cel: str
    text: Callable[[T], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Generic[T]):
    """A rule about one node of a TuningJob.

    Attributes:
        name: Unique name, in words joined by hyphens.
        at: Schema path of the node, with `[]` for each item of a list: `spec.parameters[]`.
        model: Type of the node in Python: what `holds` gets.
        needs: Fields of the node that the rule reads; the rule is skipped while one is malformed.
            Only said for `spec`, the other nodes are malformed as a whole.
        field_path: The field at fault, relative to the node, such as `.min`; empty for the
            node itself.
        cel: CEL expression that is true when all is well.
        holds: The same in Python.
        message: Template of the words; names the field, its value and the remedy.
        words: The computed parts of the message.
    """

    name: str
    at: str
    model: type[T]
    cel: str
    holds: Callable[[T], bool]
    message: str
    field_path: str = ""
    needs: tuple[str, ...] = ()
    words: Mapping[str, Word[T]] = field(default_factory=dict)

    def says(self, node: T) -> str:
        """Return the message about a node that breaks the rule."""
        return rendered(self.message, lambda slot: self._word(slot).text(node))

    def schema(self) -> dict[str, str]:
        """Return the rule as an item of `x-kubernetes-validations`."""
        return validation(
            self.cel, self.message, lambda slot: self._word(slot).cel, self.field_path
        )

    def _word(self, slot: str) -> Word[T]:
        return self.words.get(slot) or Word(
            cel=f"string(self.{slot})", text=partial(_field_text, slot)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRule(Generic[T]):
    """A rule about how a node may change. Like `Rule`, with the node as it was beside it.

    Attributes:
        words: The computed parts of the message, from the new node.
    """

    name: str
    at: str
    model: type[T]
    cel: str
    holds: Callable[[T, T], bool]
    message: str
    field_path: str = ""
    words: Mapping[str, Word[T]] = field(default_factory=dict)

    def says(self, node: T) -> str:
        """Return the message about a new node that breaks the rule."""
        return rendered(self.message, lambda slot: self.words[slot].text(node))

    def schema(self) -> dict[str, str]:
        """Return the rule as an item of `x-kubernetes-validations`."""
        return validation(
            self.cel, self.message, lambda slot: self.words[slot].cel, self.field_path
        )


def rendered(message: str, text: Callable[[str], str]) -> str:
    """Return a message with its slots filled in.

    As in the API server, a text with a line break leaves the slots open.
    """
    filled = _SLOT.sub(lambda slot: text(slot[1]), message)
    return _SLOT.sub("…", message) if "\n" in filled else filled


def validation(
    cel: str, message: str, word: Callable[[str], str], field_path: str
) -> dict[str, str]:
    """Return an item of `x-kubernetes-validations`.

    `message` is what the API server says when `messageExpression` cannot be evaluated.
    """
    item = {"rule": cel, "message": _SLOT.sub("…", message)}
    slots = _SLOT.findall(message)
    if slots:
        # format() and not +: the API server can't bound the length of a number's text, and takes a
        # sum of unbounded texts for too expensive.
        text = cel_string(_SLOT.sub("%s", message.replace("%", "%%")))
        item["messageExpression"] = f"{text}.format([{', '.join(word(slot) for slot in slots)}])"
    if field_path:
        item["fieldPath"] = field_path
    return item


def cel_string(text: str) -> str:
    """Return a CEL string literal."""
    if "\\" in text and "'" not in text:
        return f"r'{text}'"
    return json.dumps(text, ensure_ascii=False)


def cel_matches(expression: str, pattern: str) -> str:
    """Return the CEL test that all of a string matches a regular expression."""
    return f"{expression}.matches({cel_string(f'^(?:{pattern})$')})"


def number_text(value: float) -> str:
    """Return a number as CEL's string() writes it: 5 for 5.0, 1e+06 for a million as a float.

    Source: the verb %g of Go's fmt, which CEL uses for a double.
    """
    if isinstance(value, int) or not math.isfinite(value) or value == 0:
        return f"{value:g}" if isinstance(value, float) else str(value)
    _, digits, shift = Decimal(repr(value)).normalize().as_tuple()
    power = len(digits) - 1 + int(shift)
    if power in _PLAIN_POWERS:
        return f"{value:.{max(0, -int(shift))}f}"
    mantissa, _, _ = f"{value:.{len(digits) - 1}e}".partition("e")
    return f"{mantissa}e{power:+03d}"


def _field_text(slot: str, node: Any) -> str:
    for name in slot.split("."):
        node = getattr(node, to_snake(name))
    return node if isinstance(node, str) else number_text(node)
