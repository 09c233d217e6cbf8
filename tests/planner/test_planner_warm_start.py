"""What a job does with its parents' points, with every strategy that takes them."""

from collections.abc import Sequence
from typing import Any

import pytest

from kubetune.api.strategy import StrategyType
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Decision
from kubetune.core.space import build_space
from kubetune.core.trial import Trial
from kubetune.core.warm_start import ParentRun, make_parent
from kubetune.planner import decide
from tests.core.builders import ACTIVATION, HIDDEN, START, make_spec, make_trial

PARENT_POINTS = [(16, "relu"), (64, "gelu"), (32, "tanh"), (17, "relu")]


@pytest.fixture(params=[kind for kind in StrategyType if kind != "Grid"], ids=str)
def strategy(request: pytest.FixtureRequest) -> StrategyType:
    got: StrategyType = request.param
    return got


def spec_of(strategy: str, kind: str, **fields: Any) -> TuningJobSpec:
    return make_spec(
        strategy,
        parameters=[HIDDEN, ACTIVATION],
        warmStart={"from": ["a"], "type": kind},
        limits={"maxTrials": 12, "maxParallelTrials": 3, "maxInitialFailures": 0},
        **fields,
    )


def parent_of(spec: TuningJobSpec) -> ParentRun:
    trials = [
        make_trial(
            i,
            TrialState.SUCCEEDED,
            value=0.9 - i / 10,
            parameters={"hidden": hidden, "activation": activation},
        )
        for i, (hidden, activation) in enumerate(PARENT_POINTS)
    ]
    return make_parent(spec, "a", trials)


def ask(spec: TuningJobSpec, trials: Sequence[Trial], parents: Sequence[ParentRun]) -> Decision:
    return decide(spec, trials, seed=7, started_at=START, now=START, parents=parents)


def carried_out(spec: TuningJobSpec) -> list[Trial]:
    """Return the trials of a whole job."""
    trials: list[Trial] = []
    parents = [parent_of(spec)]
    while (decision := ask(spec, trials, parents)).outcome is None:
        assert decision.launch
        assert decision == ask(spec, trials, parents)
        assert decision.fallback is None
        trials += [
            make_trial(
                s.index,
                TrialState.SUCCEEDED,
                [s.index / 100],
                parameters=s.parameters,
                bracket=s.bracket,
            )
            for s in decision.launch
        ]
    assert decision.outcome.reason == "SearchSpaceExhausted"
    return trials


def test_points_that_an_identical_parent_tried_are_not_tried_again(strategy: StrategyType) -> None:
    spec = spec_of(strategy, "IdenticalDataAndAlgorithm")
    space = build_space(spec.parameters)
    tried = {space.key(trial.parameters) for trial in carried_out(spec)}
    assert len(tried) == 9
    assert tried.isdisjoint(PARENT_POINTS)


def test_good_points_of_a_related_parent_come_first(strategy: StrategyType) -> None:
    spec = spec_of(strategy, "TransferLearning")
    space = build_space(spec.parameters)
    tried = [space.key(trial.parameters) for trial in carried_out(spec)]
    assert tried[:3] == PARENT_POINTS[:3]
    assert len(set(tried)) == len(tried) == 12
    [first, *_] = ask(spec, [], [parent_of(spec)]).launch
    assert first.reason == "did well in a: accuracy 0.9"


def test_initial_trials_come_before_the_parents_points(strategy: StrategyType) -> None:
    initial = [{"parameters": {"hidden": 64, "activation": "gelu"}}]
    spec = spec_of(strategy, "TransferLearning", initialTrials=initial)
    launch = ask(spec, [], [parent_of(spec)]).launch
    assert [tuple(s.parameters.values()) for s in launch] == [
        (64, "gelu"),
        (16, "relu"),
        (32, "tanh"),
    ]


def test_a_job_whose_parents_are_gone_goes_on_alone(strategy: StrategyType) -> None:
    spec = spec_of(strategy, "IdenticalDataAndAlgorithm")
    before = [
        make_trial(s.index, TrialState.SUCCEEDED, [0.5], parameters=s.parameters, bracket=s.bracket)
        for s in ask(spec, [], [parent_of(spec)]).launch
    ]
    got = ask(spec, before, [])
    assert [s.index for s in got.launch] == [3, 4, 5]


def test_a_surrogate_knows_the_values_of_identical_parents_from_the_start() -> None:
    points = [(hidden, kind) for hidden in (16, 32, 48) for kind in ("relu", "tanh", "gelu")]
    trials = [
        make_trial(
            i,
            TrialState.SUCCEEDED,
            value=hidden / 100 + (kind == "tanh"),
            parameters={"hidden": hidden, "activation": kind},
        )
        for i, (hidden, kind) in enumerate(points)
    ]
    spec = spec_of("Bayesian", "IdenticalDataAndAlgorithm")
    [first, *_] = ask(spec, [], [make_parent(spec, "a", trials)]).launch
    assert first.parameters == {"hidden": 64, "activation": "tanh"}
    assert "from 9 values" in first.reason
