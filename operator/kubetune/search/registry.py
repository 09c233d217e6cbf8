"""All search strategies: one line each."""

from collections.abc import Mapping

from kubetune.api.strategy import StrategyType
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.search import bayesian, grid_search, hyperband, random_search
from kubetune.search.protocol import SuggestFn

STRATEGIES: Mapping[StrategyType, SuggestFn] = {
    StrategyType.GRID: grid_search.suggest,
    StrategyType.RANDOM: random_search.suggest,
    StrategyType.BAYESIAN: bayesian.suggest,
    StrategyType.HYPERBAND: hyperband.suggest,
}


def fallback(spec: TuningJobSpec) -> SuggestFn:
    """Return the search that takes the place of a strategy which cannot answer.

    With Hyperband's settings its points have a resource and a bracket, as the template and the
    stopping rule need them; those that take the place of Bayesian search fill the space evenly.
    """
    if spec.strategy.type is StrategyType.BAYESIAN:
        return bayesian.space_filling
    return random_search.suggest if spec.strategy.hyperband is None else hyperband.suggest_random
