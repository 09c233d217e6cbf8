"""values.yaml speaks for the schema and the table; the chart's copies are made, never kept."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from helm.chart_files import made_files
from helm.values import ValuesError, read_values, to_schema, to_table

ROOT = Path(__file__).resolve().parents[2]
VALUES = (ROOT / "helm" / "kubetune" / "values.yaml").read_text("utf-8")
SCHEMA = json.loads(to_schema(VALUES))


def refused(values: dict[str, Any]) -> list[str]:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return [error.message for error in validator.iter_errors(values)]


def test_nothing_else_lies_among_the_made_files() -> None:
    made = {path for path in made_files(ROOT) if "files" in path.parts}
    files = ROOT / "helm" / "kubetune" / "files"
    present = {
        path.relative_to(ROOT)
        for folder in ("crds", "policies", "rules")
        for path in (files / folder).iterdir()
    }
    assert present == made


def test_the_defaults_pass_their_own_schema() -> None:
    assert refused(yaml.safe_load(VALUES)) == []


@pytest.mark.parametrize(
    ("values", "want"),
    [
        pytest.param({"watchNamespace": []}, "'watchNamespace'", id="a misspelt value"),
        pytest.param({"image": {"repo": "x"}}, "'repo'", id="a misspelt value in a group"),
        pytest.param({"replicaCount": "2"}, "'2' is not of type 'integer'", id="a number as text"),
        pytest.param({"replicaCount": -1}, "-1 is less than", id="a negative number"),
        pytest.param({"watchNamespaces": ["Team A"]}, "'Team A'", id="no name of a namespace"),
        pytest.param({"image": {"pullPolicy": "always"}}, "'always'", id="no such pull policy"),
        pytest.param({"crds": {"keep": "false"}}, "'false' is not of type", id="a truth as text"),
        pytest.param({"podLabels": {"a": 1}}, "1 is not of type 'string'", id="a number as label"),
        pytest.param({"global": {"imageRegistry": 1}}, "1 is not of type", id="no registry"),
        pytest.param({"collector": {"resources": {"limit": {}}}}, "'limit'", id="misspelt limits"),
        pytest.param({"image": {"digest": "abc"}}, "'abc' does not match", id="no digest"),
        pytest.param({"imagePullSecrets": [{"nam": "x"}]}, "'nam'", id="no name of a pull secret"),
        pytest.param({"fullnameOverride": "Tuner"}, "'Tuner' does not", id="no name of an object"),
        pytest.param({"operator": {"logLevel": "trace"}}, "'trace'", id="no such log level"),
    ],
)
def test_the_schema_refuses(values: dict[str, Any], want: str) -> None:
    messages = refused(values)
    assert messages
    assert want in messages[0]


def test_globals_of_a_parent_chart_are_let_through() -> None:
    assert refused({"global": {"anything": 1}}) == []


def test_a_value_without_a_comment_is_a_fault_that_names_it() -> None:
    with pytest.raises(ValuesError, match=r"group\.value has no comment"):
        read_values("group:\n  # -- Said.\n  other: 1\n\n  value: 2\n")


def test_the_table_has_a_line_for_every_value() -> None:
    values = read_values(VALUES)
    lines = to_table(values).splitlines()[2:]
    assert [line.split("`")[1] for line in lines] == [value.path for value in values]
    assert len({value.path for value in values}) == len(values) > 40
