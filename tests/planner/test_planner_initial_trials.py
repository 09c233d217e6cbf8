"""Points that the user wants tried first, with every strategy."""

from collections.abc import Sequence
from typing import Any

import pytest

from kubetune.api.strategy import StrategyType
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Decision, Suggestion
from kubetune.core.space import build_space
from kubetune.core.trial import Trial
from kubetune.planner import check, decide, plan
from tests.core.builders import ACTIVATION, HIDDEN, LEARNING_RATE, START, make_spec, make_trial

SUCCEEDED, FAILED = TrialState.SUCCEEDED, TrialState.FAILED
FIRST: list[dict[str, Any]] = [
    {"hidden": 48, "activation": "tanh"},
    {"activation": "gelu"},
    {"hidden": 16, "activation": "relu"},
]


@pytest.fixture(params=list(StrategyType), ids=str)
def strategy(request: pytest.FixtureRequest) -> StrategyType:
    got: StrategyType = request.param
    return got


def spec_of(
    strategy: str,
    points: Sequence[dict[str, Any]] = FIRST,
    *,
    parallel: int = 2,
    **fields: Any,
) -> TuningJobSpec:
    fields.setdefault("parameters", [HIDDEN, ACTIVATION])
    return make_spec(
        strategy,
        initialTrials=[{"parameters": point} for point in points],
        limits={"maxTrials": 12, "maxParallelTrials": parallel, "maxInitialFailures": 0},
        **fields,
    )


def ask(spec: TuningJobSpec, trials: Sequence[Trial]) -> Decision:
    return decide(spec, trials, seed=7, started_at=START, now=START)


def made_from(suggestion: Suggestion, state: TrialState = SUCCEEDED) -> Trial:
    return make_trial(
        suggestion.index,
        state,
        [0.5],
        parameters=suggestion.parameters,
        bracket=suggestion.bracket,
    )


def carried_out(spec: TuningJobSpec, *, lose: int | None = None) -> list[Trial]:
    """Return the trials of a whole job; the one with the index `lose` is deleted at its end."""
    trials: list[Trial] = []
    while (decision := ask(spec, trials)).outcome is None:
        assert decision.launch
        for suggestion in decision.launch:
            state = FAILED if suggestion.index % 3 == 0 else SUCCEEDED
            trials.append(made_from(suggestion, state))
        if lose is not None and len(trials) > lose:
            del trials[lose]
            lose = None
    assert decision.outcome.reason == "SearchSpaceExhausted"
    return trials


def test_the_first_trials_are_the_initial_ones_in_their_order(strategy: StrategyType) -> None:
    trials = carried_out(spec_of(strategy))
    first = [trial.parameters for trial in trials[:3]]
    assert [{name: got[name] for name in want} for got, want in zip(first, FIRST, strict=True)] == [
        *FIRST
    ]
    assert [trial.index for trial in trials] == list(range(12))


@pytest.mark.parametrize("lose", [None, 0, 1, 5])
def test_every_point_of_a_finite_space_is_tried_once_whatever_is_lost(
    strategy: StrategyType, lose: int | None
) -> None:
    spec = spec_of(strategy)
    trials = carried_out(spec, lose=lose)
    space = build_space(spec.parameters)
    assert len({space.key(trial.parameters) for trial in trials}) == space.size == 12
    assert len(trials) == 12


def test_initial_and_other_trials_may_start_together(strategy: StrategyType) -> None:
    got = ask(spec_of(strategy, parallel=12), [])
    points = [tuple(suggestion.parameters.items()) for suggestion in got.launch]
    assert [suggestion.index for suggestion in got.launch] == list(range(12))
    assert len(set(points)) == 12
    reasons = [suggestion.reason == "one of spec.initialTrials" for suggestion in got.launch]
    assert reasons == [True] * 3 + [False] * 9


def test_what_was_launched_is_not_launched_again(strategy: StrategyType) -> None:
    spec = spec_of(strategy, parallel=5)
    got = ask(spec, [])
    trials = [
        make_trial(s.index, TrialState.PENDING, parameters=s.parameters, bracket=s.bracket)
        for s in got.launch
    ]
    assert ask(spec, trials).launch == ()
    # After a crash between two of them the rest follows as it was decided.
    assert ask(spec, trials[:2]).launch == got.launch[2:]


def test_an_initial_trial_of_hyperband_has_a_resource_and_a_bracket() -> None:
    spec = spec_of("Hyperband", hyperband={"maxResource": 9, "brackets": 2})
    plain = spec_of("Hyperband", (), hyperband={"maxResource": 9, "brackets": 2})
    got, want = ask(spec, []).launch, ask(plain, []).launch
    assert [(s.resource, s.bracket) for s in got] == [(s.resource, s.bracket) for s in want]
    assert got[0].resource == 9


def test_a_grid_goes_on_with_its_combinations_in_order() -> None:
    spec = spec_of("Grid")
    space = build_space(spec.parameters)
    trials = carried_out(spec)
    rest = [space.number(trial.parameters) for trial in trials[3:]]
    assert rest == sorted(rest)


def test_floats_that_the_user_gave_are_tried_to_the_last_digit() -> None:
    spec = spec_of("Random", [{"lr": 0.012345678901234567}], parameters=[LEARNING_RATE])
    got = ask(spec, [])
    assert got.launch[0].parameters == {"lr": 0.012345678901234567}
    assert [s.parameters for s in ask(spec, [made_from(got.launch[0])]).launch] != [
        got.launch[0].parameters
    ]


def test_an_impossible_initial_trial_is_a_problem_of_the_spec() -> None:
    [problem] = check(spec_of("Random", [{"hidden": 17}]))
    assert (problem.reason, problem.path) == (
        "InvalidInitialTrials",
        "spec.initialTrials[0].parameters.hidden",
    )
    assert "is 17 but must be from 16 to 64 in steps of 16: use" in problem.message


def test_more_initial_trials_than_trials_are_noted() -> None:
    spec = make_spec(limits={"maxTrials": 1}, initialTrials=[{"parameters": {}}] * 3)
    assert check(spec) == ()
    note = plan(spec).note
    assert note is not None
    assert "There are 3 initialTrials but limits.maxTrials is 1; the last 2" in note
