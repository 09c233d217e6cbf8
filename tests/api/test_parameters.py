"""Points in the types of their parameters, wherever they come from."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from kubetune.api.parameters import ParameterSpec, typed_point

SPECS = [
    ParameterSpec.model_validate(fields)
    for fields in (
        {"name": "share", "type": "Float", "min": 0, "max": 1},
        {"name": "depth", "type": "Integer", "min": 1, "max": 9},
        {"name": "kind", "type": "Categorical", "values": ["1", "2"]},
    )
]


@pytest.mark.parametrize(
    ("point", "want"),
    [
        pytest.param(
            {"depth": 3, "kind": "1", "share": 1},
            '{"share": 1.0, "depth": 3, "kind": "1"}',
            id="as the API server gives it back",
        ),
        pytest.param(
            {"share": 1.0, "depth": 3.0, "kind": "1"},
            '{"share": 1.0, "depth": 3, "kind": "1"}',
            id="a whole number with a point",
        ),
        pytest.param({"depth": 3}, '{"depth": 3}', id="a part of a point"),
        pytest.param(
            {"other": 1, "depth": 2.5, "share": "much"},
            '{"share": "much", "depth": 2.5, "other": 1}',
            id="what fits nothing stays",
        ),
    ],
)
def test_a_point_has_one_text(point: Mapping[str, Any], want: str) -> None:
    assert json.dumps(typed_point(SPECS, point)) == want
