"""values.yaml as data: each value with its default and the comment above it.

A comment that begins with `# --` belongs to the value below it. A value without one, whose default
is a mapping, is a group; its own values follow.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

_KEY = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z]+):")
_INDENT = 2
_ENUMS: Mapping[str, tuple[str, ...]] = {
    "image.pullPolicy": ("Always", "IfNotPresent", "Never"),
    "operator.logLevel": ("DEBUG", "INFO", "WARNING", "ERROR"),
}
_MINIMA: Mapping[str, int] = {
    "replicaCount": 0,
    "operator.workers": 1,
    "operator.leaseSeconds": 2,
    "terminationGracePeriodSeconds": 0,
    "metrics.service.port": 1,
}
_PULL_SECRET: Mapping[str, Any] = {
    "type": ["string", "object"],
    "minLength": 1,
    "additionalProperties": False,
    "properties": {"name": {"type": "string", "minLength": 1}},
    "required": ["name"],
}
_ITEMS: Mapping[str, Mapping[str, Any]] = {
    "watchNamespaces": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"},
    "imagePullSecrets": _PULL_SECRET,
    "global.imagePullSecrets": _PULL_SECRET,
    "extraArgs": {"type": "string"},
    "networkPolicy.apiServerPorts": {"type": "integer", "minimum": 1, "maximum": 65535},
    "extraObjects": {"type": ["object", "string"]},
}
_PATTERNS: Mapping[str, str] = {
    "image.digest": "^(sha256:[0-9a-f]{64})?$",
    "collector.image.digest": "^(sha256:[0-9a-f]{64})?$",
    # As the API server would refuse it, but before anything is installed.
    "nameOverride": "^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$",
    "fullnameOverride": "^([a-z]([-a-z0-9]{0,51}[a-z0-9])?)?$",
}
_STRING_MAPS = frozenset(
    {
        "commonLabels",
        "commonAnnotations",
        "crds.annotations",
        "serviceAccount.annotations",
        "podLabels",
        "podAnnotations",
        "nodeSelector",
        "metrics.service.annotations",
        "metrics.serviceMonitor.labels",
        "metrics.podMonitor.labels",
        "metrics.prometheusRule.labels",
        "metrics.dashboard.labels",
    }
)
_TYPES: Mapping[type, str] = {
    bool: "boolean",
    int: "integer",
    str: "string",
    list: "array",
    dict: "object",
}
_FLEXIBLE = {"podDisruptionBudget.maxUnavailable": ["integer", "string"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value of the chart.

    Attributes:
        path: Its keys, joined by dots.
        default: As in values.yaml.
        text: What it does.
    """

    path: str
    default: Any
    text: str


class ValuesError(ValueError):
    """Raised for a values.yaml whose comments do not describe every value."""


def read_values(text: str) -> tuple[Value, ...]:
    """Return the values in the order of the file.

    Raises:
        ValuesError: a value has no comment.
    """
    comments = dict(_comments(text))
    return tuple(_walk(yaml.safe_load(text), (), comments))


def to_schema(text: str) -> str:
    """Return the JSON schema: a misspelt key or a value of another type is refused."""
    defaults = yaml.safe_load(text)
    texts = {value.path: value.text for value in read_values(text)}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Values of the Kubetune chart",
        **_schema_of_group(defaults, (), texts),
    }
    # Shared with all charts that another one is made of: their values stand there as well.
    schema["properties"]["global"]["additionalProperties"] = True
    return json.dumps(schema, indent=2) + "\n"


def to_table(values: tuple[Value, ...]) -> str:
    """Return the values as a table in Markdown."""
    lines = ["| Value | Default | What it does |", "|---|---|---|"]
    for value in values:
        default = json.dumps(value.default, separators=(", ", ": "))
        lines.append(f"| `{value.path}` | `{default}` | {value.text.replace('|', chr(92) + '|')} |")
    return "\n".join(lines)


def _comments(text: str) -> Iterator[tuple[str, str]]:
    path: list[str] = []
    comment = ""
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith("# -- "):
            comment = stripped.removeprefix("# -- ")
            continue
        found = _KEY.match(line)
        if found is None:
            continue
        path = [*path[: len(found["indent"]) // _INDENT], found["key"]]
        if comment:
            yield ".".join(path), comment
        comment = ""


def _walk(
    mapping: Mapping[str, Any], above: tuple[str, ...], comments: Mapping[str, str]
) -> Iterator[Value]:
    for key, default in mapping.items():
        path = ".".join((*above, key))
        if path in comments:
            yield Value(path=path, default=default, text=comments[path])
        elif isinstance(default, dict) and default:
            yield from _walk(default, (*above, key), comments)
        else:
            raise ValuesError(f"values.yaml: {path} has no comment that begins with `# --`")


def _schema_of_group(
    group: Mapping[str, Any], above: tuple[str, ...], texts: Mapping[str, str]
) -> dict[str, Any]:
    properties = {}
    for key, default in group.items():
        path = ".".join((*above, key))
        if path in texts:
            properties[key] = {"description": texts[path], **_schema_of_value(path, default)}
        else:
            properties[key] = _schema_of_group(default, (*above, key), texts)
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _schema_of_value(path: str, default: Any) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": _FLEXIBLE.get(path) or _TYPES[type(default)]}
    if path in _ENUMS:
        schema["enum"] = [*_ENUMS[path]]
    if path in _PATTERNS:
        schema["pattern"] = _PATTERNS[path]
    if path == "collector.resources":
        schema |= {
            "additionalProperties": False,
            "properties": {kind: {"type": "object"} for kind in ("requests", "limits")},
        }
    if path in _MINIMA:
        schema["minimum"] = _MINIMA[path]
    if path in _STRING_MAPS:
        schema["additionalProperties"] = {"type": "string"}
    if isinstance(default, list):
        schema["items"] = dict(_ITEMS.get(path, {"type": "object"}))
    return schema
