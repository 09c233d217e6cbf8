"""A problem: a search space and an objective whose true optimum is known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kubetune.api.parameters import ParameterSpec, ParameterValue

Point = Mapping[str, ParameterValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An objective to minimise.

    Attributes:
        name: What results call it.
        parameters: The search space.
        truth: The objective at a point without noise.
        evaluate: What one evaluation observes: the truth, or the truth with noise.
        best: The least value that `truth` takes.
    """

    name: str
    parameters: tuple[ParameterSpec, ...]
    truth: Callable[[Point], float]
    evaluate: Callable[[Point, np.random.Generator], float]
    best: float


def floating(name: str, low: float, high: float, **fields: Any) -> ParameterSpec:
    """Return a Float parameter; `fields` as in the API, such as scale="Log"."""
    return _parameter(name=name, type="Float", min=low, max=high, **fields)


def integer(name: str, low: int, high: int, **fields: Any) -> ParameterSpec:
    """Return an Integer parameter; `fields` as in the API."""
    return _parameter(name=name, type="Integer", min=low, max=high, **fields)


def categorical(name: str, values: list[str]) -> ParameterSpec:
    """Return a Categorical parameter."""
    return _parameter(name=name, type="Categorical", values=values)


def _parameter(**fields: Any) -> ParameterSpec:
    return ParameterSpec.model_validate(fields)
