"""Why a TuningJob is not run."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a TuningJob is not run.

    Attributes:
        reason: One CamelCase word, the reason of `Accepted=False`.
        message: What is wrong and what to do.
        waits: True for what is likely to pass by itself.
    """

    reason: str
    message: str
    waits: bool = False
