"""A change to a running TuningJob, and what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as field_of
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A change to the good job.

    Attributes:
        id: The change, in words.
        before: What to change in the good job before it is created.
        changes: What to change in it afterwards.
        field: The field that the refusal must name; empty if the change is allowed.
        remedy: Words of the remedy.
        rule: The rule that must refuse it; empty if the change is allowed.
    """

    id: str
    before: Mapping[str, Any] = field_of(default_factory=dict)
    changes: Mapping[str, Any]
    field: str = ""
    remedy: str = ""
    rule: str = ""
