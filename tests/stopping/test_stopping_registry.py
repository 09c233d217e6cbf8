from typing import Any

import pytest

from kubetune.api.strategy import EarlyStoppingType, StrategyType
from kubetune.stopping import asha, median
from kubetune.stopping.protocol import StopFn
from kubetune.stopping.registry import OF_EARLY_STOPPING, OF_STRATEGY, find_stops, rule_for
from tests.core.builders import make_spec


def test_every_strategy_and_kind_of_early_stopping_is_registered() -> None:
    assert set(OF_STRATEGY) == set(StrategyType)
    assert set(OF_EARLY_STOPPING) == set(EarlyStoppingType)


@pytest.mark.parametrize(
    ("strategy", "early_stopping", "want"),
    [
        ("Random", None, None),
        ("Random", "Off", None),
        ("Random", "Auto", median.stop_below_median),
        ("Grid", "Auto", median.stop_below_median),
        ("Hyperband", None, asha.stop_behind),
        ("Hyperband", "Off", asha.stop_behind),
    ],
)
def test_the_rule_of_a_job(strategy: str, early_stopping: str | None, want: StopFn | None) -> None:
    fields: dict[str, Any] = (
        {} if early_stopping is None else {"earlyStopping": {"type": early_stopping}}
    )
    assert rule_for(make_spec(strategy, **fields)) is want


def test_a_job_without_a_rule_stops_nothing() -> None:
    assert find_stops(make_spec(), []) == ()
