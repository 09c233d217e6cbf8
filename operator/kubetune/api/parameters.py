"""The search space as a user writes it: one flat ParameterSpec for every type.

Flat, because a union of types cannot be said in a structural schema; which fields belong to which
type is said by rules (see api.rules).
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from kubetune.api.model import ApiModel

ParameterValue = int | float | str


class ParameterType(StrEnum):
    """What kind of values a parameter takes."""

    FLOAT = "Float"
    INTEGER = "Integer"
    CATEGORICAL = "Categorical"


class Scale(StrEnum):
    """How a numeric range is searched."""

    LINEAR = "Linear"
    LOG = "Log"
    REVERSE_LOG = "ReverseLog"
    AUTO = "Auto"


CategoricalValue = Annotated[str, Field(min_length=1, max_length=253)]


class ParameterSpec(ApiModel):
    """One tuned input."""

    name: str = Field(
        min_length=1,
        max_length=63,
        description="Name of the parameter. The trial template refers to it as $(params.NAME); "
        "every container also gets it as the environment variable KUBETUNE_PARAM_<NAME> in upper "
        "case with '_' for '.' and '-'.",
    )
    type: ParameterType = Field(description="Float, Integer or Categorical.")
    min: float | None = Field(
        default=None,
        ge=-1e18,
        le=1e18,
        description="Smallest value, inclusive. Required for, and only for, Float and Integer; a "
        "whole number for Integer.",
    )
    max: float | None = Field(
        default=None,
        ge=-1e18,
        le=1e18,
        description="Largest value, inclusive. Required for, and only for, Float and Integer; a "
        "whole number for Integer.",
    )
    step: float | None = Field(
        default=None,
        gt=0,
        le=1e18,
        description="Distance between neighbouring values, counted from min; the last value is the "
        "largest min + k * step that is not above max. Float and Integer only; at most max - min; "
        "goes with every scale. Absent: every value of the range for Float, 1 for Integer. Makes a "
        "Float countable, as Grid needs it.",
    )
    scale: Scale | None = Field(
        default=None,
        description="How the range is searched. Linear: uniformly. Log: uniformly in the "
        "logarithm, needs min > 0. ReverseLog: uniformly in the logarithm of 1 - value, for Floats "
        "within [0, 1) such as a momentum. Auto (what an absent value means): Log where min > 0, "
        "max / min >= 1000 and no step is given, otherwise Linear.",
    )
    values: tuple[CategoricalValue, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="The values of a Categorical parameter, as strings, each once. Required for, "
        "and only for, Categorical.",
    )


def typed_point(
    parameters: Sequence[ParameterSpec], point: Mapping[str, ParameterValue]
) -> dict[str, ParameterValue]:
    """Return a point in the types and in the order of its parameters.

    The API server stores a whole float without its point and sorts the names, so a point that it
    gave back would have other texts than the one that was sent: 2 for 2.0, which some training
    code takes for a number of things instead of a share. What is no parameter, or no value of its
    type, stays as it is, at the end.
    """
    typed = {p.name: _typed(p.type, point[p.name]) for p in parameters if p.name in point}
    return {**typed, **{name: value for name, value in point.items() if name not in typed}}


def _typed(kind: ParameterType, value: ParameterValue) -> ParameterValue:
    if kind is ParameterType.FLOAT and isinstance(value, int):
        return float(value)
    if kind is ParameterType.INTEGER and isinstance(value, float) and value.is_integer():
        return int(value)
    return value
