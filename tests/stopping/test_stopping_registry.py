from typing import Any

import pytest

from kubetune.api.strategy import EarlyStoppingType, HyperbandMode
from kubetune.stopping import asha, median, promotion, synchronous
from kubetune.stopping.protocol import StopFn
from kubetune.stopping.registry import (
    OF_EARLY_STOPPING,
    OF_MODE,
    find_promotions,
    find_stops,
    halving_of,
    retire_paused,
    rule_for,
)
from tests.core.builders import make_spec


def test_every_mode_and_kind_of_early_stopping_is_registered() -> None:
    assert set(OF_MODE) == set(HyperbandMode)
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
def test_a_job_has_the_rule_of_its_strategy_or_the_one_it_asks_for(
    strategy: str, early_stopping: str | None, want: StopFn | None
) -> None:
    fields: dict[str, Any] = (
        {} if early_stopping is None else {"earlyStopping": {"type": early_stopping}}
    )
    assert rule_for(make_spec(strategy, **fields)) is want


@pytest.mark.parametrize("mode", HyperbandMode)
def test_a_mode_that_pauses_trials_promotes_them_and_retires_those_that_are_left(
    mode: HyperbandMode,
) -> None:
    halving = OF_MODE[mode]
    assert (halving.promote is not None) == mode.pauses
    assert (halving.retire is not None) == mode.pauses


@pytest.mark.parametrize(
    ("mode", "want"), [("Promotion", None), ("Synchronous", synchronous.stop_dropped)]
)
def test_a_mode_that_pauses_has_no_rule_but_its_own(mode: str, want: StopFn | None) -> None:
    settings = {"mode": mode, "restartPromoted": True, "maxResource": 9}
    assert rule_for(make_spec("Hyperband", hyperband=settings)) is want


def test_promotion_has_its_own_rules() -> None:
    settings = {"mode": "Promotion", "restartPromoted": True, "maxResource": 9}
    assert halving_of(make_spec("Hyperband", hyperband=settings)).promote is (
        promotion.find_promotions
    )


def test_a_job_without_a_rule_stops_and_promotes_nothing() -> None:
    assert find_stops(make_spec(), []) == ()
    assert find_promotions(make_spec(), []) == ()
    assert retire_paused(make_spec(), []) == ()
