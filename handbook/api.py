"""The reference of both kinds, from the schemas that the CRDs carry."""

from collections.abc import Iterator, Mapping
from typing import Any

from handbook.markdown import anchor, code, fields_as_code, generated, table
from kubetune.api.crd import trial_crd, tuning_job_crd

Schema = Mapping[str, Any]

_PAGES = {"TuningJob": "tuningjob.md", "Trial": "trial.md"}
_OTHER = {
    "TuningJob": "What becomes of each trial is in its [Trial](trial.md).",
    "Trial": "Kubetune writes Trials, you read them; you write a [TuningJob](tuningjob.md).",
}


def api_pages() -> dict[str, str]:
    """Return the pages of both kinds by file name."""
    crds = [tuning_job_crd(), trial_crd()]
    return {_PAGES[crd["spec"]["names"]["kind"]]: _page(crd) for crd in crds}


def _page(crd: Mapping[str, Any]) -> str:
    names, version = crd["spec"]["names"], crd["spec"]["versions"][0]
    schema = version["schema"]["openAPIV3Schema"]
    group = f"{crd['spec']['group']}/{version['name']}"
    begin = generated(
        names["kind"],
        schema["description"],
        f"`apiVersion: {group}`, `kind: {names['kind']}`, short name "
        f"`{names['shortNames'][0]}`, category `{names['categories'][0]}`. "
        f"{_OTHER[names['kind']]}",
        f"The same text: `kubectl explain {names['singular']}.spec --recursive`.",
        "## Columns of kubectl get",
        table(
            ["Column", "Field"],
            [[_column(c), code(c["jsonPath"])] for c in version["additionalPrinterColumns"]],
        ),
    )
    selectable = [code(field["jsonPath"][1:]) for field in version.get("selectableFields", ())]
    if selectable:
        begin += f"\n\n`kubectl get --field-selector` takes {' and '.join(selectable)}."
    rules = _rules(schema)
    if rules:
        begin += f"\n\n## Of the whole object\n\n{rules}"
    parts = (schema["properties"][part] for part in ("spec", "status"))
    sections = [
        section
        for name, part in zip(("spec", "status"), parts, strict=True)
        for section in _sections(name, part)
    ]
    return "\n\n".join([begin, *sections]) + "\n"


def _column(column: Mapping[str, Any]) -> str:
    return f"{column['name']}{' (with `-o wide`)' if column.get('priority') else ''}"


def _sections(path: str, schema: Schema) -> Iterator[str]:
    """Yield the section of a node that has fields, and those of the nodes below it."""
    required = schema.get("required", ())
    rows = [
        [
            f"<b>{code(name)}</b>",
            _type(f"{path}.{name}", field),
            "required" if name in required else _default(field),
            fields_as_code(field.get("description", "")),
        ]
        for name, field in schema["properties"].items()
    ]
    text = f"## {path}\n\n{fields_as_code(schema.get('description', ''))}\n\n"
    text += table(["Field", "Type", "Default", "What it is"], rows)
    rules = _rules(schema)
    yield text + (f"\n\n{rules}" if rules else "")
    for name, field in schema["properties"].items():
        below, inner = _inner(f"{path}.{name}", field)
        if "properties" in inner:
            yield from _sections(below, inner)
        elif _rules(field):
            yield f"## {below}\n\n{_rules(field)}"


def _inner(path: str, schema: Schema) -> tuple[str, Schema]:
    """Return the node that a list or a map is made of, with its path; else the node itself."""
    if schema.get("type") == "array":
        return f"{path}[]", schema["items"]
    if isinstance(schema.get("additionalProperties"), dict):
        return path, schema["additionalProperties"]
    return path, schema


def _type(path: str, schema: Schema) -> str:
    below, inner = _inner(path, schema)
    name = _scalar(inner) if "properties" not in inner else f"[object](#{anchor(below)})"
    match schema.get("type"):
        case "array":
            return f"list of {name}{_size(schema, 'Items')}"
        case "object" if inner is not schema:
            return f"map of {name}{_size(schema, 'Properties')}"
    return name


def _scalar(schema: Schema) -> str:
    if "enum" in schema:
        return " or ".join(code(value) for value in schema["enum"])
    if schema.get("x-kubernetes-int-or-string"):
        return "number or text"
    kind = {
        "string": "text",
        "number": "number",
        "integer": "whole number",
        "boolean": "true or false",
    }
    name = kind.get(str(schema.get("type")), "any")
    if schema.get("type") == "object":
        return "object"
    if schema.get("format") == "date-time":
        return "time"
    return name + _bounds(schema) + _size(schema, "Length")


def _bounds(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    words = []
    if low is not None:
        words.append(f"{'above' if schema.get('exclusiveMinimum') else 'from'} {_number(low)}")
    if high is not None:
        words.append(f"{'below' if schema.get('exclusiveMaximum') else 'to'} {_number(high)}")
    return f" {' '.join(words)}" if words else ""


def _size(schema: Schema, unit: str) -> str:
    least, most = schema.get(f"min{unit}"), schema.get(f"max{unit}")
    words = [f"at least {least}"] if least else []
    words += [f"at most {most}"] if most is not None else []
    of = " characters" if unit == "Length" and words else ""
    return f", {', '.join(words)}{of}" if words else ""


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _default(schema: Schema) -> str:
    if "default" not in schema:
        return ""
    default = schema["default"]
    if default == []:
        return "none"
    if default in ({}, None):
        return ""
    if isinstance(default, Mapping):
        return "its defaults"
    return code(str(default).lower() if isinstance(default, bool) else default)


def _rules(schema: Schema) -> str:
    """Return the cross-field rules of a node, in the words in which the API server refuses."""
    found = [rule["message"] for rule in schema.get("x-kubernetes-validations", ())]
    if not found:
        return ""
    return "Refused are, in the API server's words:\n\n" + "\n".join(f"- {text}" for text in found)
