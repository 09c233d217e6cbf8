import pytest

from kubetune.api.strategy import StrategyType
from kubetune.search import hyperband, random_search
from kubetune.search.registry import STRATEGIES, fallback
from tests.core.builders import make_spec


def test_every_strategy_of_the_api_is_registered() -> None:
    assert set(STRATEGIES) == set(StrategyType)


@pytest.mark.parametrize("strategy", ["Grid", "Random"])
def test_the_fallback_is_random_search(strategy: str) -> None:
    assert fallback(make_spec(strategy)) is random_search.suggest


def test_the_fallback_of_hyperband_gives_trials_their_resource() -> None:
    assert fallback(make_spec("Hyperband")) is hyperband.suggest_random
