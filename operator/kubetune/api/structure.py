"""What the schema alone finds wrong with a spec, in words: types, bounds, unknown fields, repeats.

pydantic finds the faults; this module reads JSON as the API server does (nulls are absent fields,
no text is taken for a number) and says what is wrong, where, and what to write instead.
"""

import difflib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from kubetune.api.crd_schema import Schema, structural_schema
from kubetune.api.faults import Fault
from kubetune.api.tuningjob import TuningJobSpec

SCHEMA_RULE = "schema"

_MAX_SHOWN = 60
_NEAR = 0.75  # goal for gaol, but not trial for maxTrials.
_LARGEST_PLAIN = 1e21  # From here on Go's JSON encoder writes an exponent.
_KINDS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object with fields",
}


@cache
def spec_schema() -> Schema:
    """Return the structural schema of a TuningJob's spec."""
    return structural_schema(TuningJobSpec)


def read(adapter: TypeAdapter[Any], value: Any) -> Any:
    """Read JSON as strictly as the API server does.

    Raises:
        ValidationError: it does not fit the type.
    """
    text = json.dumps(value, default=str)
    return adapter.validate_json(text, strict=True, by_alias=True, by_name=False)


def as_sent(value: Any, schema: Mapping[str, Any] | None) -> Any:
    """Return a value as the API server gets and reads it.

    kubectl writes a float without a fraction as a whole number, 60 for 60.0, and the API server
    takes a null of a declared field for an absent field.
    """
    schema = schema or {}
    if isinstance(value, Mapping):
        properties = schema.get("properties", {})
        return {
            key: as_sent(item, properties.get(key))
            for key, item in value.items()
            if item is not None or key not in properties
        }
    if isinstance(value, list):
        return [as_sent(item, schema.get("items")) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_PLAIN:
        return int(value)
    return value


def spec_faults(spec: Any) -> Iterator[Fault]:
    """Yield what the schema finds wrong with a spec that went through `as_sent`."""
    try:
        read(TypeAdapter(TuningJobSpec), spec)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            yield _fault(detail)
    yield from _repeats(spec, spec_schema(), "spec")


def show(value: Any) -> str:
    """Return a value as a message shows it: JSON, shortened."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"


def suggestion(name: str, known: Sequence[str]) -> str:
    """Return the known name that is meant, as a question, or the known names if none is near."""
    by_case = {candidate.casefold(): candidate for candidate in known}
    folded = name.replace("_", "").casefold()
    near = difflib.get_close_matches(folded, by_case, n=1, cutoff=_NEAR)
    if near:
        return f"did you mean {by_case[near[0]]}?"
    return f"use one of {', '.join(known)}" if known else "remove it"


def _fault(detail: ErrorDetails) -> Fault:
    path = _path(detail["loc"])
    schema = _schema_at(detail["loc"])
    words = _WORDS.get(detail["type"], _other)
    return Fault(path=path, message=f"{path} {words(detail, schema)}", rule=SCHEMA_RULE)


def _path(location: Sequence[int | str]) -> str:
    return "spec" + "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in location
    )


def _schema_at(location: Sequence[int | str]) -> Schema:
    node = spec_schema()
    for part in location:
        node = node.get("items", {}) if isinstance(part, int) else _property(node, part)
    return node


def _property(node: Schema, name: str) -> Schema:
    others = node.get("additionalProperties", {})
    found: Schema = node.get("properties", {}).get(name, others)
    return found


_Words = Callable[[ErrorDetails, Schema], str]


def _missing(_: ErrorDetails, schema: Schema) -> str:
    return f"is missing: add it. {schema.get('description', '')}".rstrip()


def _unknown(detail: ErrorDetails, _: Schema) -> str:
    *parent, name = detail["loc"]
    known = list(_schema_at(parent).get("properties", {}))
    return f"is not a field of {_path(parent)}: {suggestion(str(name), known)}"


def _wrong_type(detail: ErrorDetails, schema: Schema) -> str:
    value = detail["input"]
    wanted = _KINDS.get(schema.get("type", "object"), "something else")
    words = f"is {show(value)} but must be {wanted}"
    if isinstance(value, bool) and schema.get("type") == "string":
        return words + ": write it in quotes, since YAML reads On, Off, Yes and No as true or false"
    if isinstance(value, str) and schema.get("type") in ("integer", "number", "boolean"):
        return words + ": write it without quotes"
    return words


def _not_listed(detail: ErrorDetails, schema: Schema) -> str:
    if isinstance(detail["input"], str):
        return f"is {show(detail['input'])} but must be one of {', '.join(schema.get('enum', ()))}"
    return _wrong_type(detail, schema)


def _bound(text: str) -> _Words:
    def words(detail: ErrorDetails, _: Schema) -> str:
        limit = next(iter(detail.get("ctx", {}).values()), "")
        return f"is {show(detail['input'])} but must be {text} {limit}"

    return words


def _length(_: ErrorDetails, schema: Schema) -> str:
    if schema.get("type") == "array":
        return f"must have {_span(schema, 'Items')} items"
    if schema.get("type") == "object":
        return f"must have {_span(schema, 'Properties')} entries"
    return f"must have {_span(schema, 'Length')} characters"


def _span(schema: Schema, suffix: str) -> str:
    return f"from {schema.get(f'min{suffix}', 0)} to {schema.get(f'max{suffix}')}"


def _not_finite(detail: ErrorDetails, _: Schema) -> str:
    return f"is {show(detail['input'])} but must be a finite number"


def _other(detail: ErrorDetails, _: Schema) -> str:
    return f"is {show(detail['input'])}: {detail['msg']}"


_WORDS: dict[str, _Words] = {
    "missing": _missing,
    "extra_forbidden": _unknown,
    "enum": _not_listed,
    "int_type": _wrong_type,
    "int_from_float": _wrong_type,
    "float_type": _wrong_type,
    "string_type": _wrong_type,
    "bool_type": _wrong_type,
    "list_type": _wrong_type,
    "tuple_type": _wrong_type,
    "dict_type": _wrong_type,
    "model_type": _wrong_type,
    "greater_than": _bound("more than"),
    "greater_than_equal": _bound("at least"),
    "less_than": _bound("less than"),
    "less_than_equal": _bound("at most"),
    "string_too_short": _length,
    "string_too_long": _length,
    "too_short": _length,
    "too_long": _length,
    "finite_number": _not_finite,
}


def _repeats(value: Any, schema: Schema, path: str) -> Iterator[Fault]:
    """Yield what stands twice in lists whose items must differ."""
    if isinstance(value, Mapping):
        for name, child in schema.get("properties", {}).items():
            if name in value:
                yield from _repeats(value[name], child, f"{path}.{name}")
    elif isinstance(value, list):
        keys = [_identity(item, schema) for item in value]
        for index, (item, key) in enumerate(zip(value, keys, strict=True)):
            at = f"{path}[{index}]"
            if key is not None and key in keys[:index]:
                message = f"{at} repeats {key}: each may stand there once, so remove or rename it"
                yield Fault(path=at, message=message, rule=SCHEMA_RULE)
            yield from _repeats(item, schema.get("items", {}), at)


def _identity(item: Any, schema: Schema) -> str | None:
    """Return what must differ between the items of a list; None if nothing must."""
    kind = schema.get("x-kubernetes-list-type")
    if kind == "map" and isinstance(item, Mapping):
        return show({key: item.get(key) for key in schema["x-kubernetes-list-map-keys"]})
    return show(item) if kind == "set" else None


__all__ = [
    "SCHEMA_RULE",
    "as_sent",
    "read",
    "show",
    "spec_faults",
    "spec_schema",
    "suggestion",
]
