"""What a suggestion was made from, in three small facts that stay with its Trial.

Recorded once, when the Trial is created. Which trials had finished at that moment cannot be read
off the trials later, for their times are whole seconds; with these facts it can be checked.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from kubetune.core.trial import Trial

_DIGEST_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The history that a decision to launch saw; the same fields as BasisSpec in the API.

    Attributes:
        first: Index of the first trial that the decision launched.
        finished: Number of trials that had finished.
        digest: Hash of the trials' indices, and of states and values of the finished ones.
    """

    first: int
    finished: int
    digest: str


def basis_of(trials: Iterable[Trial], *, first: int) -> Basis:
    """Return the basis of a decision that saw these trials.

    Determinism: a function of the arguments; the order of the trials does not matter.
    """
    ordered = sorted(trials, key=lambda trial: trial.index)
    text = "\n".join(map(_line, ordered))
    return Basis(
        first=first,
        finished=sum(trial.state.is_finished for trial in ordered),
        digest=blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest(),
    )


def _line(trial: Trial) -> str:
    if not trial.state.is_finished:
        return str(trial.index)
    # As a float, which JSON gives back exactly, and whose text is the same everywhere.
    value = None if trial.value is None else float(trial.value)
    return f"{trial.index} {trial.state} {value!r}"
