"""Suggestions keep off the edges of the space while little is known, and only then."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.space import Point, build_space
from kubetune.core.trial import Trial
from kubetune.search.bayesian import suggest
from kubetune.search.edges import log_belief
from kubetune.search.features import Features, build_features
from tests.core.builders import make_spec, make_trial

CUBE = [{"name": f"x{k}", "type": "Float", "min": 0, "max": 1} for k in range(4)]
STEPPED = {"name": "n", "type": "Integer", "min": 1, "max": 10}
PAIR = {"name": "two", "type": "Integer", "min": 1, "max": 2}
CATEGORY = {"name": "c", "type": "Categorical", "values": ["a", "b"]}


def features_of(parameters: Sequence[dict[str, Any]]) -> Features:
    return build_features(build_space(make_spec(parameters=list(parameters)).parameters))


@pytest.mark.parametrize(
    ("parameter", "z", "believed"),
    [
        (CUBE[0], 0.5, True),
        (CUBE[0], 0.25, True),
        (CUBE[0], 0.1, False),
        (CUBE[0], 0.0, False),
        (CUBE[0], 1.0, False),
        (STEPPED, 0.0, False),
        (STEPPED, 5 / 9, True),
        (PAIR, 0.0, True),
        (CATEGORY, 0.0, True),
    ],
    ids=[
        "the middle",
        "well inside",
        "near an edge",
        "the lower edge",
        "the upper edge",
        "the first of ten steps",
        "a step in the middle",
        "one of two steps, which stands for half of the range",
        "a category, which has no edge",
    ],
)
def test_only_what_is_near_an_edge_is_believed_less(
    parameter: dict[str, Any], z: float, *, believed: bool
) -> None:
    (got,) = log_belief(features_of([parameter]), np.array([[z]]), 10)
    assert bool(got == 0) is believed
    assert got <= 0


@given(u=st.lists(st.floats(0, 1), min_size=4, max_size=4), known=st.integers(1, 1000))
def test_the_belief_is_finite_symmetric_and_fades_with_what_is_known(
    u: list[float], known: int
) -> None:
    features, z = features_of(CUBE), np.array([u])
    (got,) = log_belief(features, z, known)
    assert -np.inf < got <= 0
    assert log_belief(features, 1 - z, known)[0] == pytest.approx(got)
    assert log_belief(features, z, 10 * known)[0] == pytest.approx(got / 10)


def test_few_of_the_first_suggestions_are_on_an_edge() -> None:
    rows = [row for seed in range(2) for row in searched(bowl, 16, seed)[8:]]
    on_edge = np.mean([(u < 0.03) | (u > 0.97) for u in rows])
    assert on_edge < 0.05, "without the belief it is one in six"


def test_an_optimum_in_a_corner_is_found_all_the_same() -> None:
    best = max(searched(slope, 24, seed=1), key=lambda row: slope(point(row)))
    assert best.min() > 0.97


def bowl(at: Point) -> float:
    return -sum((float(at[f"x{k}"]) - 0.4) ** 2 for k in range(4))


def slope(at: Point) -> float:
    return sum(float(at[f"x{k}"]) for k in range(4))


def point(row: np.ndarray) -> Point:
    return {f"x{k}": float(u) for k, u in enumerate(row)}


def searched(objective: Callable[[Point], float], trials: int, seed: int) -> list[np.ndarray]:
    """Return the places, (4,) each, of trials one after the other."""
    spec = cube_job()
    done: list[Trial] = []
    for index in range(trials):
        (got,) = suggest(spec, done, count=1, first_index=index, seed=seed)
        done.append(
            make_trial(
                index,
                TrialState.SUCCEEDED,
                [objective(dict(got.parameters))],
                parameters=got.parameters,
            )
        )
    return [np.array([float(trial.parameters[f"x{k}"]) for k in range(4)]) for trial in done]


def cube_job() -> TuningJobSpec:
    return make_spec("Bayesian", parameters=CUBE, limits={"maxTrials": 60})
