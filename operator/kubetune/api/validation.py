"""The API server's verdict on a TuningJob without an API server, with every fault at once."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from kubetune.api import names
from kubetune.api.faults import Fault
from kubetune.api.max_resource import with_max_resource
from kubetune.api.rule import Rule, UpdateRule
from kubetune.api.rules import RULES
from kubetune.api.rules_updates import UPDATE_RULES
from kubetune.api.structure import (
    SCHEMA_RULE,
    as_sent,
    read,
    show,
    spec_faults,
    spec_schema,
    suggestion,
)
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.errors import SpecError

_FIELDS = ("apiVersion", "kind", "metadata", "spec", "status")


def validate(manifest: Mapping[str, Any]) -> tuple[Fault, ...]:
    """Return everything that is wrong with a TuningJob; empty if the API server would accept it.

    The schema's faults come first, in the order of the fields, then those of the rules. A rule is
    left out only while a field that it reads is malformed. `status` is not looked at.
    """
    return (*_header_faults(manifest), *_spec_and_rule_faults(manifest))


def validate_update(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Fault, ...]:
    """Return what is wrong with a TuningJob that replaces another one of the same name.

    Args:
        old: The object as it is, accepted by the API server.
        new: The object as it is wanted.
    """
    faults = validate(new)
    before, after = _spec_as_sent(old), _spec_as_sent(new)
    pairs: dict[str, tuple[Any, Any]] = {}
    try:
        pairs["spec"] = tuple(read(_adapter(TuningJobSpec), spec) for spec in (before, after))
    except ValidationError:
        return faults
    pairs[""] = ({**old, "spec": before}, {**new, "spec": after})
    return (
        *faults,
        *(
            _rule_fault(rule, rule.at + rule.field_path, pairs[rule.at][1])
            for rule in UPDATE_RULES
            if not rule.holds(*pairs[rule.at])
        ),
    )


def parse_spec(spec: Mapping[str, Any]) -> TuningJobSpec:
    """Return the spec of a TuningJob as a model, with the maxResource that its template says.

    Raises:
        SpecError: with all of its faults.
    """
    faults = _spec_and_rule_faults({"spec": spec})
    if faults:
        raise SpecError([str(fault) for fault in faults])
    parsed: TuningJobSpec = read(_adapter(TuningJobSpec), _spec_as_sent({"spec": spec}))
    return with_max_resource(parsed)


def _spec_as_sent(manifest: Mapping[str, Any]) -> Any:
    return as_sent(manifest.get("spec"), spec_schema())


def _header_faults(manifest: Mapping[str, Any]) -> Iterator[Fault]:
    for field, want in (("apiVersion", names.API_VERSION), ("kind", "TuningJob")):
        if manifest.get(field) != want:
            yield _schema_fault(field, f"is {show(manifest.get(field))} but must be {want}")
    for field in manifest:
        if field not in _FIELDS:
            yield _schema_fault(
                str(field), f"is not a field of a TuningJob: {suggestion(str(field), _FIELDS)}"
            )
    metadata = manifest.get("metadata")
    if not isinstance(metadata, Mapping):
        yield _schema_fault("metadata", "is missing: add it, with a name")
    elif not metadata.get("name") and not metadata.get("generateName"):
        yield _schema_fault("metadata.name", "is missing: add a name")


def _schema_fault(path: str, words: str) -> Fault:
    return Fault(path=path, message=f"{path} {words}", rule=SCHEMA_RULE)


def _spec_and_rule_faults(manifest: Mapping[str, Any]) -> tuple[Fault, ...]:
    spec = _spec_as_sent(manifest)
    if spec is None:
        return (
            _schema_fault("spec", "is missing: add it. What to tune, how, within which limits."),
        )
    whole = {"metadata": manifest.get("metadata"), "spec": spec}
    return (
        *spec_faults(spec),
        *(
            _rule_fault(rule, path + rule.field_path, node)
            for rule in RULES
            for path, node in _nodes(rule, whole)
            if not rule.holds(node)
        ),
    )


def _rule_fault(rule: Rule[Any] | UpdateRule[Any], path: str, node: Any) -> Fault:
    return Fault(path=path.lstrip("."), message=rule.says(node), rule=rule.name)


def _nodes(rule: Rule[Any], manifest: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield path and model of each node that a rule is about; malformed ones are left out."""
    parts = rule.at.replace("[]", ".[]").split(".") if rule.at else []
    for path, value in _walk(manifest, parts, ""):
        try:
            if rule.model is TuningJobSpec:
                yield path, _partial_spec(value, rule.needs)
            else:
                model: Any = rule.model
                yield path, read(_adapter(model), value)
        except ValidationError:
            continue


def _walk(value: Any, parts: Sequence[str], path: str) -> Iterator[tuple[str, Any]]:
    if not parts:
        yield path, value
    elif parts[0] == "[]" and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, parts[1:], f"{path}[{index}]")
    elif isinstance(value, Mapping) and value.get(parts[0]) is not None:
        yield from _walk(value[parts[0]], parts[1:], f"{path}.{parts[0]}".lstrip("."))


def _partial_spec(spec: Any, needs: Sequence[str]) -> TuningJobSpec:
    """Return a spec with no more than the fields that a rule needs.

    Raises:
        ValidationError: one of them is malformed or missing.
    """
    if not isinstance(spec, Mapping):
        read(_adapter(TuningJobSpec), spec)
    fields = {
        field.alias: (name, field)
        for name, field in TuningJobSpec.model_fields.items()
        if field.alias in needs
    }
    values = {
        name: read(_field_adapter(name), spec.get(alias))
        for alias, (name, field) in fields.items()
        if alias in spec or field.is_required()
    }
    return TuningJobSpec.model_construct(**values)


@cache
def _adapter(model: Hashable) -> TypeAdapter[Any]:
    of_any_type: Any = model
    return TypeAdapter(of_any_type)


@cache
def _field_adapter(name: str) -> TypeAdapter[Any]:
    annotation: Any = TuningJobSpec.model_fields[name].annotation
    return TypeAdapter(annotation)
