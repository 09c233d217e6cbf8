"""The incumbent while trials end one after the other, without looking at all of them each time."""

import heapq
from collections.abc import Mapping

from kubetune.api.tuningjob import Goal
from kubetune.core.objective import Rank, rank
from kubetune.core.trial import Trial


class Incumbents:
    """Knows the incumbent of trials that it is shown whenever they have ended or paused.

    A trial that goes on from a rung may lose what it showed there, so what was once the best is
    kept, and looked at again when it comes to the top.
    """

    def __init__(self, goal: Goal) -> None:
        self._goal = goal
        self._heap: list[tuple[Rank, int]] = []

    def see(self, trial: Trial) -> None:
        """Take up a trial as it is now."""
        own = rank(trial, self._goal)
        if own is not None:
            heapq.heappush(self._heap, (_upside_down(own), trial.index))

    def index(self, trials: Mapping[int, Trial]) -> int | None:
        """Return the index of the incumbent; None while no trial has a value."""
        while self._heap:
            own, index = self._heap[0]
            now = rank(trials[index], self._goal)
            if now is not None and _upside_down(now) == own:
                return index
            heapq.heappop(self._heap)
        return None


def _upside_down(own: Rank) -> Rank:
    """Return what is the smaller the better: a heap gives the smallest."""
    succeeded, score, negated = own
    return not succeeded, -score, -negated
