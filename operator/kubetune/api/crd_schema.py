"""From a pydantic model to the structural schema that a CRD may carry.

pydantic writes `$ref`, `anyOf` with null, `const`, titles and numeric `exclusiveMinimum`; the API
server forbids, drops or cannot decode each of them. So references are written out, null and titles
left out, and whatever is not known here is an error and not dropped.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, NoDefault
from pydantic_core import core_schema

Schema = dict[str, Any]

_COPIED = frozenset(
    {
        "default",
        "enum",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minimum",
        "required",
        "x-kubernetes-list-map-keys",
        "x-kubernetes-list-type",
    }
)
_DROPPED = frozenset({"$defs", "description", "title", "type"})
_BEYOND_INT64 = 2**63
_SCALARS = frozenset({"string", "integer", "number", "boolean"})


class SchemaError(Exception):
    """Raised for a model that a structural schema cannot say. The model has to change."""


class _WithModelDefaults(GenerateJsonSchema):
    """Writes the default of a field whose default is a model with all its defaults.

    Written out, because the API server checks rules on a default before it fills in nested ones.
    """

    def get_default_value(self, schema: core_schema.WithDefaultSchema) -> Any:
        """Return the default of a field, NoDefault if the schema is to have none."""
        factory = schema.get("default_factory")
        if isinstance(factory, type) and issubclass(factory, BaseModel):
            return factory().model_dump(mode="json", by_alias=True, exclude_none=True)
        default = super().get_default_value(schema)
        return NoDefault if default is None else default


def structural_schema(model: type[BaseModel]) -> Schema:
    """Return the structural schema of a model, descriptions and defaults included.

    Raises:
        SchemaError: the model uses something that is not known here, or lacks a description.
    """
    schema = model.model_json_schema(by_alias=True, schema_generator=_WithModelDefaults)
    return _convert(schema, schema.get("$defs", {}), model.__name__)


def _convert(node: Mapping[str, Any], defs: Mapping[str, Schema], at: str) -> Schema:
    node = _resolved(node, defs)
    result: Schema = {}
    if description := node.get("description"):
        result["description"] = " ".join(description.split())
    if "anyOf" in node:
        return result | _choice(node, defs, at)
    result |= _type(node, at)
    for key, value in node.items():
        if key in _COPIED:
            result[key] = _compared_exactly(key, value, at)
        elif key in _CONVERTED:
            result |= _CONVERTED[key](value, defs, at)
        elif key not in _DROPPED:
            raise SchemaError(f"{at}: {key} cannot be said in a structural schema")
    if "items" in result:
        scalars = result["items"].get("type") in _SCALARS
        result.setdefault("x-kubernetes-list-type", "set" if scalars else "atomic")
    return result


def _resolved(node: Mapping[str, Any], defs: Mapping[str, Schema]) -> dict[str, Any]:
    """Write a reference out. What stands beside it, such as a description, has precedence."""
    while "$ref" in node:
        target = defs[node["$ref"].removeprefix("#/$defs/")]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return dict(node)


def _choice(node: Mapping[str, Any], defs: Mapping[str, Schema], at: str) -> Schema:
    """Convert `T or null` to T, and several scalar types to a value of any type."""
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    choices = [choice for choice in node["anyOf"] if choice != {"type": "null"}]
    if len(choices) == 1:
        return _convert({**_resolved(choices[0], defs), **rest}, defs, at)
    if all(choice.keys() == {"type"} and choice["type"] in _SCALARS for choice in choices):
        return {"x-kubernetes-preserve-unknown-fields": True}
    raise SchemaError(f"{at}: a choice of types cannot be said in a structural schema")


def _open_object(value: Any, defs: Mapping[str, Schema], at: str) -> Schema:
    if value is False:
        return {}
    if value is True:
        return {"x-kubernetes-preserve-unknown-fields": True}
    return {"additionalProperties": _convert(value, defs, f"{at}[*]")}


def _properties(value: Mapping[str, Any], defs: Mapping[str, Schema], at: str) -> Schema:
    return {
        "properties": {
            name: _described(_convert(child, defs, f"{at}.{name}"), f"{at}.{name}")
            for name, child in value.items()
        }
    }


def _items(value: Mapping[str, Any], defs: Mapping[str, Schema], at: str) -> Schema:
    return {"items": _convert(value, defs, f"{at}[]")}


def _compared_exactly(key: str, value: Any, at: str) -> Any:
    """Refuse a bound beyond 64 bits: the API server overflows when it compares 5 with 1e300."""
    if key in ("minimum", "maximum") and abs(value) >= _BEYOND_INT64:
        raise SchemaError(f"{at}: {key} {value} is beyond what the API server compares correctly")
    return value


def _above(value: float, _: Mapping[str, Schema], __: str) -> Schema:
    return {"minimum": value, "exclusiveMinimum": True}


def _below(value: float, _: Mapping[str, Schema], __: str) -> Schema:
    return {"maximum": value, "exclusiveMaximum": True}


def _constant(value: Any, _: Mapping[str, Schema], __: str) -> Schema:
    return {"enum": [value]}


def _format(value: str, _: Mapping[str, Schema], at: str) -> Schema:
    if value != "date-time":
        raise SchemaError(f"{at}: the format {value!r} is not one that the API server checks")
    return {"format": value}


_CONVERTED: dict[str, Callable[[Any, Mapping[str, Schema], str], Schema]] = {
    "additionalProperties": _open_object,
    "const": _constant,
    "exclusiveMaximum": _below,
    "exclusiveMinimum": _above,
    "format": _format,
    "items": _items,
    "properties": _properties,
}


def _type(node: Mapping[str, Any], at: str) -> Schema:
    kind = node.get("type")
    if kind not in (*_SCALARS, "object", "array"):
        raise SchemaError(f"{at}: the type {kind!r} cannot be said in a structural schema")
    return {"type": kind, "format": "int64"} if kind == "integer" else {"type": kind}


def _described(schema: Schema, at: str) -> Schema:
    if not schema.get("description"):
        raise SchemaError(f"{at}: a description is missing")
    return schema
