"""What was found about one recorded decision."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Whether a decision follows from the recorded history."""

    FOLLOWS = "Follows"
    DIFFERS = "Differs"
    UNDECIDED = "Undecided"


class Kind(StrEnum):
    """Kinds of decisions."""

    SUGGESTION = "Suggestion"
    PAUSE = "Pause"
    PROMOTION = "Promotion"
    EARLY_STOP = "EarlyStop"
    VALUE = "Value"
    END = "End"
    BEST = "Best"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A decision and its verdict.

    Attributes:
        kind: What was decided.
        name: The Trial, or the TuningJob.
        verdict: Whether it follows.
        text: What was compared, or the difference, or what is missing; for a person.
    """

    kind: Kind
    name: str
    verdict: Verdict
    text: str
