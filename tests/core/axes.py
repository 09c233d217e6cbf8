"""An axis from the fields of a parameter."""

from typing import Any

from kubetune.api.parameters import ParameterSpec
from kubetune.core.axis import Axis, build_axis


def make_axis(kind: str = "Float", **fields: Any) -> Axis:
    return build_axis(ParameterSpec.model_validate({"name": "p", "type": kind, **fields}))
