"""A fault: one thing that is wrong with an object, where it is, and what to do about it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        path: Field that it is about, such as `spec.parameters[0].min`; empty for the whole object.
        message: The fault in words: the field, its value and the remedy. Complete without `path`.
        rule: Name of the rule that found it: a `Rule.name`, or `schema`.
    """

    path: str
    message: str
    rule: str

    def __str__(self) -> str:
        return self.message
