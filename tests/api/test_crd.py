"""The two CustomResourceDefinitions: complete, small enough, and as committed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from generate.crds import crd_files
from kubetune.api.crd import schema_at, trial_crd, tuning_job_crd
from kubetune.api.crd_schema import SchemaError
from kubetune.api.rules import RULES
from kubetune.api.rules_updates import UPDATE_RULES

CRDS = Path("crds")
MAX_BYTES = 262_144
"""What an annotation may hold, and so what plain `kubectl apply` can apply."""
BOTH = pytest.mark.parametrize(
    "crd", [tuning_job_crd(), trial_crd()], ids=lambda crd: crd["spec"]["names"]["kind"]
)


def schema_of(crd: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def nodes(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if key in schema:
            yield from nodes(schema[key], f"{path}[]")


@BOTH
def test_plain_apply_can_apply_it(crd: dict[str, Any]) -> None:
    assert len(json.dumps(crd).encode()) < MAX_BYTES
    file = CRDS / f"kubetune.dev_{crd['spec']['names']['plural']}.yaml"
    assert len(crd_files()[file]) < MAX_BYTES


@BOTH
def test_every_field_has_a_description_that_is_a_sentence(crd: dict[str, Any]) -> None:
    fields = [(p, n) for p, n in nodes(schema_of(crd)) if p and not p.endswith("[]")]
    fields.remove((".metadata", {"type": "object"}))

    assert [path for path, node in fields if not node.get("description", "").endswith(".")] == []


@BOTH
def test_every_list_says_how_it_is_merged(crd: dict[str, Any]) -> None:
    lists = [(p, n) for p, n in nodes(schema_of(crd)) if n.get("type") == "array"]

    assert lists
    assert [path for path, node in lists if "x-kubernetes-list-type" not in node] == []


def test_lists_of_named_things_are_merged_by_name() -> None:
    schema = schema_of(tuning_job_crd())

    keys = {
        "spec.parameters": "name",
        "status.conditions": "type",
        "status.plan.rungs": "step",
    }
    for path, key in keys.items():
        assert schema_at(schema, path)["x-kubernetes-list-type"] == "map"
        assert schema_at(schema, path)["x-kubernetes-list-map-keys"] == [key]


@BOTH
def test_every_text_that_a_rule_may_read_is_bounded(crd: dict[str, Any]) -> None:
    spec = schema_of(crd)["properties"]["spec"]
    texts = [(p, n) for p, n in nodes(spec) if n.get("type") == "string" and "enum" not in n]

    assert texts
    assert [path for path, node in texts if "maxLength" not in node] == []


def test_every_rule_stands_in_the_crd() -> None:
    rules = [
        rule
        for _, node in nodes(schema_of(tuning_job_crd()))
        for rule in node.get("x-kubernetes-validations", [])
    ]

    assert len(rules) == len(RULES) + len(UPDATE_RULES)
    assert all(rule["message"] for rule in rules)


def test_names_of_rules_are_unique() -> None:
    names = [rule.name for rule in RULES] + [rule.name for rule in UPDATE_RULES]
    assert len(names) == len(set(names))


def test_a_rule_about_a_field_that_is_not_there_is_refused() -> None:
    with pytest.raises(SchemaError, match="there is no limit in the schema"):
        schema_at(schema_of(tuning_job_crd()), "spec.limit")


def test_the_template_is_open_and_its_known_part_is_said() -> None:
    pod = schema_at(schema_of(tuning_job_crd()), "spec.trial.template.spec.template.spec")

    assert pod["x-kubernetes-preserve-unknown-fields"] is True
    assert pod["required"] == ["containers"]
    assert pod["properties"]["containers"]["items"]["x-kubernetes-preserve-unknown-fields"] is True


def test_people_see_the_columns_of_a_job_and_of_a_trial() -> None:
    columns = [
        [c["name"] for c in crd["spec"]["versions"][0]["additionalPrinterColumns"]]
        for crd in (tuning_job_crd(), trial_crd())
    ]

    assert columns == [
        ["Phase", "Progress", "Running", "Failed", "Best", "Age", "Reason"],
        ["State", "Step", "Value", "Parameters", "Reason", "Age"],
    ]


def test_the_files_are_read_back_as_what_was_meant() -> None:
    texts = crd_files()

    assert yaml.safe_load(texts[CRDS / "kubetune.dev_tuningjobs.yaml"]) == tuning_job_crd()
    assert yaml.safe_load(texts[CRDS / "kubetune.dev_trials.yaml"]) == trial_crd()
    assert yaml.safe_load(texts[CRDS / "kustomization.yaml"])["resources"] == [
        "kubetune.dev_trials.yaml",
        "kubetune.dev_tuningjobs.yaml",
    ]
