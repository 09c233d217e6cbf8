"""What a search strategy is to the planner."""

from collections.abc import Sequence
from typing import Protocol

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Suggestion
from kubetune.core.trial import Trial
from kubetune.core.warm_start import ParentRun


class SuggestFn(Protocol):
    """Suggests new trials. Pure: the same arguments give the same suggestions."""

    def __call__(
        self,
        spec: TuningJobSpec,
        trials: Sequence[Trial],
        *,
        count: int,
        first_index: int,
        seed: int,
        parents: Sequence[ParentRun] = (),
    ) -> Sequence[Suggestion]:
        """Return exactly `count` suggestions with the indices from `first_index` on.

        Args:
            spec: The wish.
            trials: All trials of the run so far, by index ascending; indices may be missing.
            count: Number of suggestions, at least 1 and never more than there are points that no
                trial has tried and that are not among the parents' `known_points`.
            first_index: Index of the first suggestion, greater than that of every trial.
            seed: Seed of the run; all randomness is a function of it and of the index.
            parents: What the job takes over; points that are known from there are not suggested.

        Raises:
            StrategyError: the strategy cannot answer; random search takes its place.
        """
