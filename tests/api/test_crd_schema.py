"""From models to structural schemas: what is said, and what is refused instead of dropped."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from kubetune.api.crd_schema import SchemaError, structural_schema


class Colour(StrEnum):
    """A colour."""

    RED = "Red"
    BLUE = "Blue"


class Inner(BaseModel):
    """An inner object."""

    size: int = Field(default=2, gt=0, lt=9, description="Its size.")


class Outer(BaseModel):
    """An outer object."""

    name: str = Field(min_length=1, max_length=9, description="Its name.")
    colour: Colour = Field(default=Colour.RED, description="Its colour.")
    inner: Inner = Field(default_factory=Inner, description="Its inside.")
    other: Inner | None = Field(default=None, description="Another inside.")
    at: datetime | None = Field(default=None, description="When.")
    fixed: Literal["x"] = Field(description="Always x.")
    share: float = Field(ge=0, le=1, description="A share.")
    tags: list[str] = Field(default=[], max_length=3, description="Tags.")
    parts: list[Inner] = Field(default_factory=list, description="Parts.")
    values: dict[str, int | float | str] = Field(max_length=5, description="Values.")


def test_a_model_becomes_a_structural_schema() -> None:
    size = {
        "description": "Its size.",
        "type": "integer",
        "format": "int64",
        "default": 2,
        "minimum": 0,
        "exclusiveMinimum": True,
        "maximum": 9,
        "exclusiveMaximum": True,
    }
    inner = {"type": "object", "properties": {"size": size}}

    assert structural_schema(Outer) == {
        "description": "An outer object.",
        "type": "object",
        "required": ["name", "fixed", "share", "values"],
        "properties": {
            "name": {
                "description": "Its name.",
                "type": "string",
                "minLength": 1,
                "maxLength": 9,
            },
            "colour": {
                "description": "Its colour.",
                "type": "string",
                "enum": ["Red", "Blue"],
                "default": "Red",
            },
            "inner": {"description": "Its inside.", **inner, "default": {"size": 2}},
            "other": {"description": "Another inside.", **inner},
            "at": {"description": "When.", "type": "string", "format": "date-time"},
            "fixed": {"description": "Always x.", "type": "string", "enum": ["x"]},
            "share": {"description": "A share.", "type": "number", "minimum": 0, "maximum": 1},
            "tags": {
                "description": "Tags.",
                "type": "array",
                "items": {"type": "string"},
                "default": [],
                "maxItems": 3,
                "x-kubernetes-list-type": "set",
            },
            "parts": {
                "description": "Parts.",
                "type": "array",
                "items": {"description": "An inner object.", **inner},
                "x-kubernetes-list-type": "atomic",
            },
            "values": {
                "description": "Values.",
                "type": "object",
                "maxProperties": 5,
                "additionalProperties": {"x-kubernetes-preserve-unknown-fields": True},
            },
        },
    }


@pytest.mark.parametrize(
    ("field", "want"),
    [
        pytest.param(
            (Annotated[str, Field(pattern="a")], Field(description="x")),
            "Model.field: pattern cannot be said",
            id="a pattern, which needs words and so a rule",
        ),
        pytest.param((int, Field()), "Model.field: a description is missing", id="no description"),
        pytest.param(
            (Inner | str, Field(description="x")),
            "Model.field: a choice of types cannot be said",
            id="an object or a text",
        ),
        pytest.param((Any, Field(description="x")), "Model.field: the type None", id="anything"),
        pytest.param(
            (bytes, Field(description="x")),
            "Model.field: the format 'binary'",
            id="a format that nobody checks",
        ),
        pytest.param(
            (float, Field(le=1e300, description="x")),
            "Model.field: maximum 1e+300 is beyond what the API server compares",
            id="a bound at which the API server overflows",
        ),
    ],
)
def test_what_a_structural_schema_cannot_say_is_refused(field: Any, want: str) -> None:
    annotation, info = field
    model = type("Model", (BaseModel,), {"__annotations__": {"field": annotation}, "field": info})

    with pytest.raises(SchemaError) as raised:
        structural_schema(model)

    assert want in str(raised.value)
