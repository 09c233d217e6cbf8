"""A spec for every strategy and its variants, for the tests of what all of them keep to.

A strategy that has no entry here fails the contract suite.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kubetune.api.strategy import StrategyType
from kubetune.api.tuningjob import TuningJobSpec
from tests.core.builders import ACTIVATION, HIDDEN, LEARNING_RATE, make_spec

Parameters = Sequence[Mapping[str, Any]]

MOMENTUM = {"name": "momentum", "type": "Float", "min": 0.5, "max": 0.99, "scale": "ReverseLog"}
DROPOUT = {"name": "dropout", "type": "Float", "min": 0, "max": 0.5, "step": 0.1}
WIDE = {"name": "wide", "type": "Integer", "min": 1, "max": 2**40}

SPACES: Mapping[str, Parameters] = {
    "finite": [HIDDEN, ACTIVATION, DROPOUT],
    "infinite": [LEARNING_RATE, MOMENTUM, WIDE, HIDDEN, ACTIVATION, DROPOUT],
    "one parameter": [{"name": "rate", "type": "Float", "min": 0.1, "max": 0.5}],
    "one value of two": [{"name": "flag", "type": "Categorical", "values": ["on", "off"]}],
    "30 parameters": [
        {"name": f"p{i}", "type": "Float", "min": -1.0, "max": 1.0 + i}
        if i % 3 == 0
        else {"name": f"p{i}", "type": "Integer", "min": -i, "max": 10 * i}
        if i % 3 == 1
        else {"name": f"p{i}", "type": "Categorical", "values": ["a", "b", "c"]}
        for i in range(30)
    ],
}
"""Search spaces by name; Grid takes those that are finite and not too large."""

PAUSING = {"maxResource": 9, "restartPromoted": True}

VARIANTS: Mapping[StrategyType, Mapping[str, Mapping[str, Any]]] = {
    StrategyType.GRID: {"Grid": {}},
    StrategyType.RANDOM: {
        "Random": {},
        "Random, quasirandom": {"sequence": "Quasirandom"},
        "Random, median rule": {"earlyStopping": {"type": "Auto"}},
    },
    StrategyType.BAYESIAN: {"Bayesian": {}},
    StrategyType.HYPERBAND: {
        "Hyperband": {"hyperband": {"maxResource": 9}},
        "Hyperband, brackets": {"hyperband": {"maxResource": 9, "brackets": 3}},
        "Hyperband, promotion": {"hyperband": {**PAUSING, "mode": "Promotion"}},
        "Hyperband, synchronous": {"hyperband": {**PAUSING, "mode": "Synchronous"}},
        "Hyperband, modelled": {"hyperband": {"maxResource": 9, "search": "Bayesian"}},
    },
}
"""Fields of `make_spec` by strategy and by what the variant is called."""

CASES = [(strategy, name) for strategy, variants in VARIANTS.items() for name in variants]
IS_COSTLY = {"Bayesian", "Hyperband, modelled"}
"""Variants that think for a tenth of a second: they are asked less."""


def a_spec(strategy: StrategyType, variant: str, space: str, **fields: Any) -> TuningJobSpec:
    """Return a spec of the variant over that space."""
    return make_spec(
        strategy, parameters=SPACES[space], **{**VARIANTS[strategy][variant], **fields}
    )


def spaces_of(strategy: StrategyType) -> list[str]:
    """Return the names of the spaces that the strategy can search."""
    if strategy is StrategyType.GRID:
        return ["finite", "one value of two"]
    return list(SPACES)
