"""When a search has converged; a lucky start, a restart and another order change nothing."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubetune.api.trial import TrialState
from kubetune.convergence import rule
from kubetune.convergence.bound import RegretBound, beta, regret_bound
from kubetune.convergence.rule import IN_A_ROW, MOST, find_convergence, first_check, last_check
from kubetune.core.decision import OutcomeKind
from kubetune.core.seeding import uniforms
from kubetune.core.space import build_space
from kubetune.core.trial import Trial
from kubetune.errors import SurrogateError
from kubetune.planner import decide
from tests.core.builders import START, make_spec, make_trial

SUCCEEDED = TrialState.SUCCEEDED
X = {"name": "x", "type": "Float", "min": 0, "max": 1, "scale": "Linear"}
WISH: dict[str, Any] = {"completion": {"convergence": True}, "parameters": [X]}


def valley(x: float) -> float:
    return (x - 0.3) ** 2


def trials_along(objective: Callable[[float], float], count: int, seed: int = 1) -> list[Trial]:
    points = [uniforms(seed, k, "test", 1)[0] for k in range(count)]
    return [
        make_trial(k, SUCCEEDED, [objective(x)], parameters={"x": x}) for k, x in enumerate(points)
    ]


def converged(trials: Sequence[Trial], **fields: Any) -> int | None:
    spec = make_spec(goal="Minimize", **{**WISH, **fields})
    found = find_convergence(spec, trials, seed=7)
    assert found == find_convergence(spec, trials[::-1], seed=7), "the order must not matter"
    return None if found is None else found.trials


@pytest.fixture
def _remembers_nothing() -> Iterator[None]:
    rule._state.cache_clear()
    yield
    rule._state.cache_clear()


def test_a_smooth_valley_converges_after_the_guards_and_says_so_in_the_objectives_unit() -> None:
    trials = trials_along(valley, 25)
    found = find_convergence(make_spec(goal="Minimize", **WISH), trials, seed=7)
    assert found is not None
    assert found.trials >= first_check(1) + IN_A_ROW - 1
    assert found.trial == f"digits-{found.trials - 1}"
    assert found.at == trials[found.trials - 1].finished_at
    assert 0 <= found.regret <= found.threshold < 0.05
    best = min(trial.value or 1 for trial in trials[: found.trials])
    assert best <= found.regret


def test_an_objective_that_jumps_everywhere_does_not_converge() -> None:
    assert converged(trials_along(lambda x: math.sin(500 * x), 40)) is None


def test_a_lucky_start_is_not_enough() -> None:
    lucky = [make_trial(0, SUCCEEDED, [0.0], parameters={"x": 0.3})]
    others = trials_along(valley, first_check(1) + IN_A_ROW)[1:]
    for count in range(first_check(1) + IN_A_ROW - 2):
        assert converged([*lucky, *others[:count]]) is None


@pytest.mark.parametrize(
    "state", [s for s in TrialState if s is not SUCCEEDED], ids=lambda state: state.value
)
def test_only_trials_that_succeeded_count(state: TrialState) -> None:
    done = trials_along(valley, first_check(1) + 1)
    other = [make_trial(100 + k, state, [valley(0.1)], parameters={"x": 0.1}) for k in range(30)]
    assert converged([*done, *other]) is None


@pytest.mark.usefixtures("_remembers_nothing")
def test_what_was_seen_once_is_not_taken_back_and_a_restart_sees_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def at_checks(_: Any, scored: Any, *, first: int, seed: int) -> RegretBound:
        del first, seed
        asked.append(len(scored))
        return RegretBound(regret=0.1, threshold=0.2, holds=len(scored) not in (15, 17, 20))

    monkeypatch.setattr("kubetune.convergence.bound.regret_bound", at_checks)
    trials = trials_along(valley, 60)
    seen = [converged(trials[:count]) for count in range(61)]
    assert seen == [None] * 23 + [23] * 38
    assert asked == [15, 16, 17, 18, 19, 20, 21, 22, 23], "each was asked once, and none after"
    rule._state.cache_clear()
    assert converged(trials) == 23


@pytest.mark.usefixtures("_remembers_nothing")
def test_a_model_that_cannot_be_fitted_counts_as_a_check_that_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: Any, **__: Any) -> RegretBound:
        raise SurrogateError("nothing finite fits")

    monkeypatch.setattr("kubetune.convergence.bound.regret_bound", never)
    assert converged(trials_along(valley, 40)) is None


def test_it_is_asked_for_bayesian_search_and_for_others_on_demand() -> None:
    trials = trials_along(valley, 25)
    assert converged(trials, strategy="Random", completion={"target": -1}) is None
    assert converged(trials, strategy="Bayesian", completion={"target": -1}) is not None
    assert converged(trials, strategy="Random") is not None


def test_it_ends_the_job_only_where_that_is_wanted() -> None:
    trials = trials_along(valley, 25)
    for wanted in (True, False):
        spec = make_spec(
            "Bayesian",
            goal="Minimize",
            parameters=[X],
            limits={"maxTrials": 25},
            completion={"convergence": wanted},
        )
        got = decide(spec, trials, seed=7, started_at=START, now=START)
        assert got.convergence is not None
        assert got.outcome is not None
        assert got.outcome.kind is OutcomeKind.COMPLETE
        assert got.outcome.reason == "MaxTrialsReached", "the end that is told first"
        more = spec.model_copy(update={"limits": make_spec(limits={"maxTrials": 99}).limits})
        got = decide(more, trials, seed=7, started_at=START, now=START)
        assert (got.outcome is not None) is wanted
        if got.outcome is not None and got.outcome.evidence is not None:
            assert got.outcome.reason == "Converged"
            assert got.outcome.evidence.rule == rule.RULE
            assert got.outcome.evidence.value <= got.outcome.evidence.threshold


def test_equal_values_leave_nothing_to_search_for() -> None:
    found = regret_bound(
        build_space(make_spec(**WISH).parameters),
        [({"x": k / 20}, 0.5) for k in range(20)],
        first=15,
        seed=1,
    )
    assert found.holds


@pytest.mark.parametrize("size", [1e-300, 1e300])
def test_values_of_any_size_give_finite_numbers(size: float) -> None:
    points = [({"x": k / 20}, size * (-1) ** k * (k + 1) / 21) for k in range(20)]
    found = regret_bound(build_space(make_spec(**WISH).parameters), points, first=15, seed=1)
    assert math.isfinite(found.regret)
    assert math.isfinite(found.threshold)


def test_in_a_finite_space_every_point_is_asked_about() -> None:
    steps = [{"name": "n", "type": "Integer", "min": 0, "max": 60}]
    space = build_space(make_spec(parameters=steps).parameters)
    tried = range(0, 61, 3)
    smooth = [({"n": k}, -((k - 30) ** 2) / 900) for k in tried]
    found = regret_bound(space, smooth, first=15, seed=1)
    assert found.holds
    assert 0 <= found.regret < 0.1


@given(st.integers(1, 600), st.integers(1, 20))
def test_checks_are_steps_of_one_ladder_whatever_was_asked_before(
    count: int, parameters: int
) -> None:
    check = last_check(count, parameters=parameters)
    if check is None:
        assert count < first_check(parameters)
        return
    assert first_check(parameters) <= check <= min(count, MOST)
    assert last_check(check, parameters=parameters) == check
    assert count - check <= max(check // 20, 0) or count > MOST


@given(st.integers(2, 10_000), st.integers(1, 50), st.integers(1, 10**9))
def test_the_bounds_widen_with_trials_parameters_and_points(t: int, d: int, size: int) -> None:
    assert beta(t, size=None, parameters=d) < beta(t + 1, size=None, parameters=d)
    assert beta(t, size=None, parameters=d) < beta(t, size=None, parameters=d + 1)
    assert beta(t, size=size, parameters=d) < beta(t, size=size + 1, parameters=d)


def test_the_width_of_the_bounds_is_that_of_the_paper() -> None:
    # 2 log(6 * 50^2 * pi^2 / 0.6) / 5
    assert beta(50, size=None, parameters=6) == pytest.approx(4.966436, rel=1e-6)
