"""What every search strategy keeps to, whatever it is. A new one is added by its name alone."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubetune.api.strategy import StrategyType
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Suggestion
from kubetune.core.space import build_space
from kubetune.core.trial import Trial
from kubetune.search.registry import STRATEGIES
from tests.contract.strategy_specs import VARIANTS, a_spec
from tests.core.builders import make_trial
from tests.examples import examples


@pytest.fixture(params=list(StrategyType), ids=str)
def strategy(request: pytest.FixtureRequest) -> StrategyType:
    got: StrategyType = request.param
    return got


def specs_of(strategy: StrategyType, **fields: Any) -> Sequence[TuningJobSpec]:
    spaces = ("finite",) if strategy is StrategyType.GRID else ("finite", "infinite")
    variants = VARIANTS[strategy]
    return [a_spec(strategy, name, space, **fields) for name in variants for space in spaces]


def suggest(
    spec: TuningJobSpec, trials: Sequence[Trial], count: int, seed: int = 7
) -> Sequence[Suggestion]:
    first = max((trial.index for trial in trials), default=-1) + 1
    return STRATEGIES[spec.strategy.type](spec, trials, count=count, first_index=first, seed=seed)


def make_history(
    spec: TuningJobSpec, states: Sequence[TrialState], sign: float = 1.0
) -> list[Trial]:
    """Return trials with the strategy's own points in these states, and something reported."""
    points = suggest(spec, [], len(states)) if states else []
    return [
        make_trial(
            point.index,
            state,
            [sign * ((7 * point.index) % 5), sign * (point.index % 3)],
            parameters=point.parameters,
            bracket=point.bracket,
        )
        for point, state in zip(points, states, strict=True)
    ]


STATES = st.lists(st.sampled_from(list(TrialState)), max_size=20)


@pytest.mark.parametrize("count", [1, 2, 17])
def test_it_suggests_as_many_as_were_asked_for_with_consecutive_indices(
    strategy: StrategyType, count: int
) -> None:
    for spec in specs_of(strategy):
        got = suggest(spec, make_history(spec, [TrialState.SUCCEEDED] * 5), count)
        assert [s.index for s in got] == list(range(5, 5 + count))
        assert all(s.reason for s in got)


def test_suggestions_are_inside_the_space_in_the_types_of_their_parameters(
    strategy: StrategyType,
) -> None:
    for spec in specs_of(strategy):
        space = build_space(spec.parameters)
        for suggestion in suggest(spec, [], 40):
            assert tuple(suggestion.parameters) == space.names
            assert space.decode(space.encode(suggestion.parameters)) == suggestion.parameters
            for parameter in spec.parameters:
                value = suggestion.parameters[parameter.name]
                assert (
                    type(value)
                    is {"Float": float, "Integer": int, "Categorical": str}[parameter.type]
                )
                if isinstance(value, str):
                    assert value in (parameter.values or ())
                else:
                    assert (parameter.min or 0) <= value <= (parameter.max or 0)


def test_suggestions_survive_json(strategy: StrategyType) -> None:
    for spec in specs_of(strategy):
        for suggestion in suggest(spec, [], 20):
            text = json.dumps(dict(suggestion.parameters))
            assert json.loads(text) == suggestion.parameters
            assert json.dumps(json.loads(text)) == text


@examples(10)
@given(states=STATES, data=st.data())
def test_the_same_world_gives_the_same_answer_whatever_came_of_the_trials(
    states: list[TrialState], data: st.DataObject
) -> None:
    for strategy in StrategyType:
        for spec in specs_of(strategy):
            history = make_history(spec, states)
            missing = data.draw(st.sets(st.sampled_from(range(max(1, len(states))))))
            history = [trial for trial in history if trial.index not in missing]
            count = 1 if strategy is StrategyType.BAYESIAN else 4  # it thinks about each one
            got = suggest(spec, history, count)
            assert got == suggest(spec, history, count)
            assert len(got) == count


def test_the_order_in_which_trials_are_listed_does_not_matter(strategy: StrategyType) -> None:
    for spec in specs_of(strategy):
        history = make_history(spec, [*TrialState] * 2)
        assert suggest(spec, history[::-1], 3) == suggest(spec, history, 3)


def test_a_finite_space_is_used_up_without_a_repetition(strategy: StrategyType) -> None:
    for spec in specs_of(strategy):
        space = build_space(spec.parameters)
        if space.size is None:
            continue
        history = [
            trial
            for trial in make_history(spec, [TrialState.SUCCEEDED] * 30)
            if trial.index not in (3, 11, 12)
        ]
        rest = suggest(spec, history, space.size - len(history))
        points = [*(t.parameters for t in history), *(s.parameters for s in rest)]
        keys = {space.key(point) for point in points}
        assert len(keys) == space.size


def test_minimising_the_negative_gives_the_same_choices(strategy: StrategyType) -> None:
    states = [TrialState.SUCCEEDED] * 8
    for largest, smallest in zip(
        specs_of(strategy, goal="Maximize"), specs_of(strategy, goal="Minimize"), strict=True
    ):
        want = suggest(largest, make_history(largest, states), 5)
        got = suggest(smallest, make_history(smallest, states, sign=-1.0), 5)
        # The reasons may name values, and with those their sign.
        assert [replace(s, reason="") for s in got] == [replace(s, reason="") for s in want]


def test_another_seed_gives_other_points_where_they_are_random(strategy: StrategyType) -> None:
    for spec in specs_of(strategy):
        same = suggest(spec, [], 5, seed=1) == suggest(spec, [], 5, seed=2)
        assert same is (strategy is StrategyType.GRID)


def test_parameters_of_foreign_trials_do_no_harm(strategy: StrategyType) -> None:
    strange: Sequence[Mapping[str, Any]] = [{}, {"hidden": "many"}, {"other": 1}]
    for spec in specs_of(strategy):
        trials = [make_trial(i, parameters=p) for i, p in enumerate(strange)]
        assert len(suggest(spec, trials, 2)) == 2
