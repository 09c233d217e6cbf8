"""What the trials say to a model: points with a score, pending points, and points that failed.

Values become numbers for the surrogate here and nowhere else:

- Succeeded: the score of its value.
- EarlyStopped, or Stopped with a value: that value belongs to a shorter training, and taken as it
  is it would make slow starters look bad and lucky ones good. What can be carried over is the rank:
  the trial gets the score that the Succeeded trials have in the end at the rank which it had among
  them at the step where it was stopped. So it never seems better than the best of them.
- Pending, Running: pending. What they have reported so far is not used.
- Stopped without a value: tried, and nothing else is known.
- Everything else that is finished has no value: it failed. A failure says only that points like
  this one may fail as well.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from kubetune.api.parameters import ParameterValue
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import Goal
from kubetune.core.axis import Choice
from kubetune.core.objective import to_score
from kubetune.core.space import SearchSpace
from kubetune.core.trial import Trial

Parameters = Mapping[str, ParameterValue]

# With fewer Succeeded trials to compare with, a rank says too little.
_ENOUGH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known about points of a search space. The order of points does not matter.

    Attributes:
        scored: Points with their scores (larger is better), finite; a point may come repeatedly.
        pending: Points whose score is on its way.
        failed: Points that gave no score.
        tried: Further points that must not be suggested; those above need not be repeated.
        related: Points with scores of each related task, such as a parent job on other data. They
            may be suggested, their scores may have another scale, and they may mislead.
    """

    scored: Sequence[tuple[Parameters, float]]
    pending: Sequence[Parameters] = ()
    failed: Sequence[Parameters] = ()
    tried: Sequence[Parameters] = ()
    related: Sequence[Sequence[tuple[Parameters, float]]] = ()


def gather(trials: Sequence[Trial], space: SearchSpace, goal: Goal) -> Evidence:
    """Return what the trials of a run say; those with parameters outside the space say nothing.

    Determinism: the order of `trials` does not matter.
    """
    inside = [
        trial
        for trial in sorted(trials, key=attrgetter("index"))
        if contains(space, trial.parameters)
    ]
    done = [
        trial for trial in inside if trial.state is TrialState.SUCCEEDED and trial.value is not None
    ]
    scored: list[tuple[Parameters, float]] = []
    pending: list[Parameters] = []
    failed: list[Parameters] = []
    tried: list[Parameters] = []
    for trial in inside:
        if not trial.state.is_finished:
            pending.append(trial.parameters)
        elif trial.value is not None:
            scored.append((trial.parameters, _score(trial, trial.value, done, goal)))
        elif trial.state is TrialState.STOPPED:
            tried.append(trial.parameters)
        else:
            failed.append(trial.parameters)
    return Evidence(scored=scored, pending=pending, failed=failed, tried=tried)


def contains(space: SearchSpace, point: Parameters) -> bool:
    """Return whether the space has a value of the right type and range for every parameter."""
    for name, axis in zip(space.names, space.axes, strict=True):
        value = point.get(name)
        if isinstance(axis, Choice):
            if value not in axis.values:
                return False
        elif isinstance(value, str | bool | None) or not 0 <= axis.encode(value) <= 1:
            return False
    return True


def _score(trial: Trial, value: float, done: Sequence[Trial], goal: Goal) -> float:
    """Return the score that stands for a finished trial with a value."""
    own = to_score(value, goal)
    if trial.state is TrialState.SUCCEEDED or not trial.observations:
        return own
    step = trial.observations[-1].step
    peers = [(_score_at(peer, step, goal), peer.value) for peer in done]
    known = [(at, to_score(end, goal)) for at, end in peers if at is not None and end is not None]
    if len(known) < _ENOUGH:
        return own
    at_step = sorted(at for at, _ in known)
    ends = sorted(end for _, end in known)
    now = to_score(trial.observations[-1].value, goal)
    # Its place among the peers, half-way among equals, of 0 … len: below all, …, above all.
    place = (bisect_left(at_step, now) + bisect_right(at_step, now)) / 2 - 0.5
    below = min(max(int(place), 0), len(ends) - 1)
    above = min(below + 1, len(ends) - 1)
    share = min(max(place - below, 0.0), 1.0)
    return ends[below] * (1 - share) + ends[above] * share


def _score_at(trial: Trial, step: int, goal: Goal) -> float | None:
    """Return the score that a trial had at a step: of its last observation up to it."""
    past = [observation.value for observation in trial.observations if observation.step <= step]
    return to_score(past[-1], goal) if past else None
