"""What is kept of simulations, and random search beside them."""

from typing import Any

from kubetune.planner import check
from kubetune.simulator.study import Account, as_random, course, simulate_job, spread
from kubetune.simulator.training import train_along
from kubetune.simulator.weather import CALM, Weather
from tests.core.builders import make_spec
from tests.simulation.curves import FAMILIES, PARAMETERS


def an_account(seed: int = 1, *, curve: str = "steady", **fields: Any) -> Account:
    limits = {"maxTrials": 20, "maxParallelTrials": 4}
    spec = make_spec("Hyperband", parameters=PARAMETERS, limits=limits, **fields)
    training = train_along(FAMILIES[curve](seed), steps=27)
    return simulate_job(spec, training, seed=seed, weather=CALM)


def test_an_account_has_the_numbers_of_its_job() -> None:
    account = an_account(completion={"target": 0.9})
    assert account.outcome is not None
    assert account.outcome.reason == "TargetReached"
    assert account.best is not None
    assert account.target is not None
    assert account.target in account.marks
    assert account.target.seconds == account.seconds
    assert account.best.value == account.marks[-1].value >= account.target.value >= 0.9
    assert account.best.step == 27
    assert sum(account.states.values()) >= account.states["Succeeded"]
    assert account.value_at(0.0) is None
    assert account.value_at(account.cost) == account.peaks[-1].value


def test_a_target_that_is_not_reached_has_no_time() -> None:
    assert an_account(completion={"target": 5.0}).target is None
    assert an_account().target is None


def test_the_best_values_reported_only_get_better() -> None:
    account = an_account(curve="noisy")
    values = [mark.value for mark in account.peaks]
    assert values == sorted(set(values))
    assert [mark.cost for mark in account.peaks] == sorted(mark.cost for mark in account.peaks)


def test_a_course_is_the_mean_over_seeds_at_even_costs() -> None:
    accounts = [an_account(seed) for seed in range(3)]
    levels = course(accounts, points=4)
    most = max(account.cost for account in accounts)
    assert [level.cost for level in levels] == [most / 4, most / 2, most * 3 / 4, most]
    assert levels[-1].value == spread([account.peaks[-1].value for account in accounts])


def test_one_number_has_no_deviation_and_none_has_no_spread() -> None:
    one = spread([3.0])
    assert one is not None
    assert (one.mean, one.deviation, one.count) == (3.0, 0.0, 1)
    assert spread([]) is None


def test_random_search_at_the_same_cost_is_ended_by_the_cost_alone() -> None:
    spec = make_spec(
        "Hyperband",
        parameters=PARAMETERS,
        limits={"maxTrials": 2, "maxParallelTrials": 4, "maxRuntime": "1s"},
        completion={"target": 0.1},
    )
    plain = as_random(spec)
    assert check(plain) == ()
    training = train_along(FAMILIES["steady"](1), steps=27)
    account = simulate_job(plain, training, seed=1, weather=CALM, max_cost=270.0)
    assert account.outcome is None
    assert set(account.states) == {"Running", "Succeeded"}
    assert 270.0 <= account.cost <= 270.0 + 4 * 27


def test_the_best_of_a_job_that_ends_on_the_way_to_a_rung_is_at_its_last_one() -> None:
    spec = make_spec(
        "Hyperband",
        parameters=PARAMETERS,
        hyperband={"mode": "Promotion", "maxResource": 9, "brackets": 1, "restartPromoted": True},
        limits={"maxTrials": 9, "maxParallelTrials": 3, "maxRuntime": "4s"},
    )
    account = simulate_job(
        spec,
        train_along(lambda index, *_: float(index), steps=9),
        seed=1,
        weather=Weather(start_delay=1.5),
    )
    assert account.outcome is not None
    assert account.outcome.reason == "MaxRuntimeReached"
    assert account.best is not None
    assert account.best.step == 1, "it was promoted, and has reported nothing since"
