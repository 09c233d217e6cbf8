"""A moment of a simulation at which something became the best so far."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A moment at which something became the best so far.

    Attributes:
        seconds: Virtual seconds since the start.
        cost: Seconds that all pods together had used.
        steps: Steps that all trials together had used.
        finished: Number of trials that had finished.
        index: The trial.
        value: Its value, as reported.
    """

    seconds: float
    cost: float
    steps: int
    finished: int
    index: int
    value: float
