"""When Bayesian search hears the parents of a warm start."""

from collections.abc import Sequence
from typing import Any

import pytest

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.seeding import uniforms
from kubetune.core.space import Point, build_space
from kubetune.core.trial import Trial
from kubetune.core.warm_start import ParentRun, make_parent, retried_points
from kubetune.search import model_search
from kubetune.search.bayesian import start_size, suggest
from tests.core.builders import ACTIVATION, LEARNING_RATE, make_spec, make_trial


def heir(kind: str = "TransferLearning") -> TuningJobSpec:
    return make_spec(
        "Bayesian",
        parameters=[LEARNING_RATE, ACTIVATION],
        limits={"maxTrials": 60},
        warmStart={"from": ["old"], "type": kind},
    )


def trials_at(points: Sequence[Point]) -> list[Trial]:
    return [
        make_trial(i, TrialState.SUCCEEDED, value=float(point["lr"]), parameters=point)
        for i, point in enumerate(points)
    ]


def points_of(spec: TuningJobSpec, count: int, seed: int) -> list[Point]:
    space = build_space(spec.parameters)
    return [space.decode(uniforms(seed, i, "test", 2)) for i in range(count)]


def parent_of(spec: TuningJobSpec) -> ParentRun:
    return make_parent(spec, "old", trials_at(points_of(spec, 30, seed=1)))


def heard(
    spec: TuningJobSpec, trials: Sequence[Trial], index: int, monkeypatch: pytest.MonkeyPatch
) -> int:
    """Return how many parents the surrogate hears of."""
    told: list[int] = []

    def propose(_space: Any, evidence: Any, **_: Any) -> list[Any]:
        told.append(len(evidence.related))
        return []

    monkeypatch.setattr(model_search, "propose", propose)
    suggest(spec, trials, count=1, first_index=index, seed=7, parents=[parent_of(spec)])
    return told[0]


def test_related_parents_are_heard_by_about_half_of_the_suggestions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = heir()
    trials = trials_at(points_of(spec, 15, seed=2))
    got = [heard(spec, trials, 15 + k, monkeypatch) for k in range(60)]
    assert 20 < sum(got) < 40


def test_related_parents_are_not_heard_any_more_when_own_scores_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = heir()
    trials = trials_at(points_of(spec, 20, seed=2))
    assert not any(heard(spec, trials, 20 + k, monkeypatch) for k in range(20))


def test_identical_parents_are_no_hint_but_knowledge(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = heir("IdenticalDataAndAlgorithm")
    trials = trials_at(points_of(spec, 5, seed=2))
    assert not any(heard(spec, trials, 5 + k, monkeypatch) for k in range(20))


def test_the_space_is_filled_as_well_as_without_parents() -> None:
    spec = heir()
    parents = [parent_of(spec)]
    retried = [dict(point.parameters) for _, point in retried_points(spec, parents)]
    got = suggest(
        spec, trials_at(retried), count=12, first_index=len(retried), seed=7, parents=parents
    )
    filling = [s for s in got if s.reason.startswith("space-filling")]
    assert len(retried) == 3
    assert len(filling) == start_size(60) == 8
