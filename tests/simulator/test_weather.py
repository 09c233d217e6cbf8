"""The simulated cluster: delays, disruptions, failures, stragglers and outages."""

import pytest

from kubetune.api.trial import TrialState
from kubetune.simulator.simulation import Simulation
from kubetune.simulator.training import train_along
from kubetune.simulator.weather import Weather
from tests.core.builders import make_spec
from tests.simulation.curves import FAMILIES, PARAMETERS
from tests.simulator.simulated import FAILED, SUCCEEDED, simulate, states


def test_no_more_trials_hold_a_slot_than_may_run_in_parallel() -> None:
    most = []
    job = Simulation(
        make_spec(
            "Hyperband",
            parameters=PARAMETERS,
            limits={"maxTrials": 30, "maxParallelTrials": 5},
        ),
        train_along(FAMILIES["noisy"](1), steps=27),
        seed=3,
        weather=Weather(stop_delay=1.5, start_delay=0.5, disruptions=0.2, failures=0.1),
        on_look=lambda seen: most.append(sum(t.holds_slot for t in seen.trials.values())),
    )
    job.run()
    assert max(most) == 5
    assert states(job)[TrialState.EARLY_STOPPED] > 5


def test_a_stopped_trial_frees_its_slot_when_its_pod_is_gone() -> None:
    def stopped_in(weather: Weather) -> Simulation:
        job = simulate(
            train_along(FAMILIES["steady"](1), steps=27),
            strategy="Hyperband",
            workers=2,
            weather=weather,
        )
        job.run()
        assert states(job)[TrialState.EARLY_STOPPED] > 10
        return job

    swift, slow = stopped_in(Weather()), stopped_in(Weather(stop_delay=10.0))
    assert swift.cost == swift.steps
    extra = 10.0 * states(slow)[TrialState.EARLY_STOPPED]
    # The job ends with its last trial; pods that are still leaving then cost it nothing more.
    assert slow.steps + extra - 20.0 < slow.cost <= slow.steps + extra
    assert slow.clock > swift.clock + extra / 4


def test_a_trial_is_pending_until_its_training_starts() -> None:
    job = simulate(weather=Weather(start_delay=5.0), trials=2, workers=1)
    job.run(max_steps=0)
    assert job.trials[0].state is TrialState.PENDING
    job.run()
    assert job.clock == 16.0


def test_a_disrupted_trial_runs_again_from_its_beginning_and_has_not_failed() -> None:
    job = simulate(weather=Weather(disruptions=0.5), trials=40)
    job.run()
    assert states(job) == {SUCCEEDED: 40}
    assert all([o.step for o in t.observations] == [1, 2, 3] for t in job.trials.values())
    assert job.cost > 40 * 3.0


def test_failures_and_stragglers_are_as_frequent_as_was_asked_for() -> None:
    weather = Weather(failures=0.2, stragglers=0.3, slowness=5.0)
    job = simulate(weather=weather, trials=1000, workers=100)
    job.run()
    # 0.2 ± 5 standard errors of a share among 1000.
    assert states(job)[FAILED] == pytest.approx(200, abs=63)
    took = [
        (t.finished_at - t.started_at).total_seconds()
        for t in job.trials.values()
        if t.finished_at and t.started_at and t.state is SUCCEEDED
    ]
    assert set(took) == {3.0, 15.0}
    assert took.count(15.0) / len(took) == pytest.approx(0.3, abs=0.08)


def test_the_weather_does_not_depend_on_the_strategy_or_on_the_workers() -> None:
    weather = Weather(failures=0.3)
    jobs = [simulate(weather=weather, workers=1), simulate(weather=weather, workers=7)]
    jobs.append(simulate(weather=weather, strategy="Random", sequence="Quasirandom"))
    failed = []
    for job in jobs:
        job.run()
        failed.append({i for i, trial in job.trials.items() if trial.state is FAILED})
    assert failed[0]
    assert failed[0] == failed[1] == failed[2]


def test_while_the_operator_is_away_trials_go_on_and_nothing_is_decided() -> None:
    job = simulate(weather=Weather(outages=((4.0, 20.0),)), trials=8, workers=4)
    job.run()
    starts = {t.started_at for t in job.trials.values()}
    begun = sorted((at - min(s for s in starts if s)).total_seconds() for at in starts if at)
    assert begun == [0.0, 3.0]
    ends = [t.finished_at for t in job.trials.values() if t.finished_at]
    assert (max(ends) - min(ends)).total_seconds() == 3.0
    assert job.clock == 20.0
    assert job.outcome is not None
