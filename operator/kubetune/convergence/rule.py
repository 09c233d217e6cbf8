"""When a search has converged: the regret bound, with guards against a lucky start.

The bound (see `bound`) is asked after certain numbers of trials that Succeeded, in the order of
their ends: after `first_check`, then after every further one, and the more there are the less
often, so that all checks of a long job together cost as much as a few dozen fits. A search has
converged when the bound held at `IN_A_ROW` checks one after the other. So the answer is a function
of the trials that have ended, the same after a restart and in a replay, and it is never taken back.

Only trials that Succeeded count: the value of one that was stopped belongs to a shorter training.
Where they failed or were stopped nothing is known, which keeps the bound large, and the job going.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from kubetune.api.parameters import ParameterValue
from kubetune.api.strategy import StrategyType
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Convergence
from kubetune.core.objective import by_finish, to_score
from kubetune.core.space import SearchSpace, build_space
from kubetune.core.trial import Trial
from kubetune.errors import StrategyError, SurrogateError
from kubetune.search.evidence import contains

RULE = "convergence/v1"
IN_A_ROW = 3
MOST = 500
"""Trials beyond which nothing more is checked: a fit would take seconds."""

Scored = tuple[tuple[tuple[ParameterValue | None, ...], float], ...]
"""The points that were tried and their scores, by the time of their ends."""


@dataclass(frozen=True, slots=True)
class _State:
    """What the checks so far have come to.

    Attributes:
        in_a_row: Number of checks in a row, up to the last one, at which the bound held.
        since: Number of trials with a score at the check at which it had held often enough, with
            the bound and the threshold there; None before.
    """

    in_a_row: int = 0
    since: tuple[int, float, float] | None = None


def find_convergence(
    spec: TuningJobSpec, trials: Sequence[Trial], *, seed: int
) -> Convergence | None:
    """Return when the search was first seen to have converged; None if it has not.

    Asked for Bayesian search, and for others where completion.convergence wants it: the model's
    libraries take half a second and 60 MB, which no other job should pay for.

    Args:
        spec: The wish.
        trials: All trials of the run, in any order.
        seed: Seed of the run.

    Raises:
        StrategyError: the libraries that it needs are not installed.

    Determinism: a function of its arguments; the order of `trials` does not matter.
    """
    wanted = spec.completion is not None and spec.completion.convergence
    if not wanted and spec.strategy.type is not StrategyType.BAYESIAN:
        return None
    succeeded = [t for t in trials if t.state is TrialState.SUCCEEDED and t.value is not None]
    if len(succeeded) < first_check(len(spec.parameters)):
        return None
    space = build_space(spec.parameters)
    ended = [trial for trial in by_finish(succeeded) if contains(space, trial.parameters)]
    goal = spec.objective.goal
    scored: Scored = tuple(
        (space.key(trial.parameters), to_score(trial.value, goal))
        for trial in ended
        if trial.value is not None
    )
    checked = last_check(len(scored), parameters=len(space.names))
    if checked is None:
        return None
    found = _state(space, scored[:checked], seed).since
    if found is None:
        return None
    count, regret, threshold = found
    trial = ended[count - 1]
    return Convergence(
        rule=RULE,
        trial=trial.name,
        at=trial.finished_at,
        trials=count,
        regret=regret,
        threshold=threshold,
    )


def first_check(parameters: int) -> int:
    """Return the number of trials with a score before which nothing is concluded."""
    return 10 + 5 * parameters


def last_check(count: int, *, parameters: int) -> int | None:
    """Return the largest number of trials, at most `count`, at which there is a check; or None."""
    check, last = first_check(parameters), None
    while check <= min(count, MOST):
        last, check = check, _next(check)
    return last


def _next(check: int) -> int:
    return check + max(1, check // 20)


@lru_cache(maxsize=256)
def _state(space: SearchSpace, scored: Scored, seed: int) -> _State:
    """Return the state at a check. Remembered, because it is asked for at every event."""
    before = last_check(len(scored) - 1, parameters=len(space.names))
    known = _State() if before is None else _state(space, scored[:before], seed)
    if known.since is not None:
        return known
    bound = _bound(space, scored, seed)
    if bound is None:
        return _State()
    in_a_row = known.in_a_row + 1
    return _State(in_a_row, (len(scored), *bound) if in_a_row >= IN_A_ROW else None)


def _bound(space: SearchSpace, scored: Scored, seed: int) -> tuple[float, float] | None:
    """Return bound and threshold if the bound holds, else None."""
    try:
        from kubetune.convergence.bound import regret_bound  # noqa: PLC0415  see find_convergence
    except ImportError as error:
        raise StrategyError(f"convergence needs kubetune[bayesian]: {error}") from error
    named = [(dict(zip(space.names, values, strict=True)), score) for values, score in scored]
    points = [
        ({name: value for name, value in point.items() if value is not None}, score)
        for point, score in named
    ]
    try:
        first = first_check(len(space.names))
        found = regret_bound(space, points, first=first, seed=seed)
    except SurrogateError:
        return None
    return (found.regret, found.threshold) if found.holds else None
