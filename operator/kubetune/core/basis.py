"""What a suggestion was made from, in three small facts that stay with its Trial.

Recorded once, when the Trial is created. Which trials had finished at that moment cannot be read
off the trials later, for their times are whole seconds; with these facts it can be checked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from kubetune.api.strategy import HyperbandSearch
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.rungs import levels_of
from kubetune.core.trial import Trial

_DIGEST_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """The history that a decision to launch saw; the same fields as BasisSpec in the API.

    Attributes:
        first: Index of the first trial that the decision launched.
        finished: Number of trials that had finished.
        digest: Hash of the trials' indices, of the rungs that they had reached, and of states and
            values of the finished ones.
    """

    first: int
    finished: int
    digest: str


def telling_levels(spec: TuningJobSpec) -> tuple[int, ...]:
    """Return the rungs at which the reports of a running trial count for suggestions.

    Where trials pause, only the rungs at which they have paused do.
    """
    settings = spec.strategy.hyperband
    if settings is None or settings.search is not HyperbandSearch.BAYESIAN or settings.mode.pauses:
        return ()
    return levels_of(settings)


def basis_of(trials: Iterable[Trial], *, first: int, levels: Sequence[int] = ()) -> Basis:
    """Return the basis of a decision that saw these trials.

    Args:
        trials: What it saw.
        first: Index of the first trial that it launched.
        levels: `telling_levels` of the job.

    Determinism: a function of the arguments; the order of the trials does not matter.
    """
    ordered = sorted(trials, key=lambda trial: trial.index)
    text = "\n".join(_line(trial, levels) for trial in ordered)
    return Basis(
        first=first,
        finished=sum(trial.state.is_finished for trial in ordered),
        digest=blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest(),
    )


def _line(trial: Trial, levels: Sequence[int]) -> str:
    words = [str(trial.index)]
    if trial.state.is_finished:
        words += [trial.state.value, _number(trial.value)]
    elif levels:
        passed = (level for level in levels if level <= trial.trained)
        words.append(f"at {max(passed, default=0)}")
    if trial.rungs:
        words += [f"{seen.step}={_number(seen.value)}" for seen in trial.rungs]
        words.append(f"to {trial.resource}")
    return " ".join(words)


def _number(value: float | None) -> str:
    # As a float, which JSON gives back exactly, and whose text is the same everywhere.
    return repr(None if value is None else float(value))
