"""A spec that must be refused, and what the refusal must say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.api.job_builder import REMOVED

P0, P1, P2 = (f"spec.parameters[{index}]" for index in range(3))
HYPERBAND = "spec.strategy.hyperband"
RANDOM = {"spec.strategy.type": "Random", HYPERBAND: REMOVED}
GRID = {"spec.strategy.type": "Grid", HYPERBAND: REMOVED}


@dataclass(frozen=True, slots=True, kw_only=True)
class BadSpec:
    """A good job with something wrong in it.

    Attributes:
        id: The fault, in words.
        changes: What to change in the good job, by path.
        field: The field that the refusal must name.
        remedy: Words of the remedy.
        server: Words of the API server's own, where it has its own: for the schema's faults.
        rule: The rule that must find it; `schema` if the schema does.
    """

    id: str
    changes: Mapping[str, Any]
    field: str
    remedy: str
    server: str = ""
    rule: str = "schema"
