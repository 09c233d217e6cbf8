"""The simulated cluster and operator: time, cost, faults and delays."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from kubetune.api.trial import TrialState
from kubetune.core.objective import incumbent
from kubetune.simulator.simulation import Simulation
from kubetune.simulator.training import Attempt, Report, Training, at_pace, train_along
from kubetune.simulator.weather import Weather
from tests.core.builders import make_spec
from tests.simulation.curves import FAMILIES, PARAMETERS

SUCCEEDED, FAILED = TrialState.SUCCEEDED, TrialState.FAILED


def by_index(index: int, *_: object) -> float:
    return float(index)


def simulate(
    training: Training | None = None,
    *,
    strategy: str = "Random",
    trials: int = 20,
    workers: int = 4,
    weather: Weather | None = None,
    seed: int = 1,
    **fields: Any,
) -> Simulation:
    """Return a job of trials with three steps of one second each, ready to run."""
    most = {"maxTrials": trials, "maxParallelTrials": workers, "maxInitialFailures": 0}
    limits = {**most, **fields.pop("limits", {})}
    return Simulation(
        make_spec(strategy, parameters=PARAMETERS, limits=limits, **fields),
        training or train_along(by_index, steps=3),
        seed=seed,
        weather=weather or Weather(),
    )


def states(job: Simulation) -> Counter[TrialState]:
    return Counter(trial.state for trial in job.trials.values())


def test_a_job_runs_to_its_end_in_the_time_that_its_trials_take() -> None:
    job = simulate(trials=20, workers=4)
    outcome = job.run()
    assert outcome is not None
    assert outcome.reason == "MaxTrialsReached"
    assert states(job) == {SUCCEEDED: 20}
    assert (job.clock, job.steps, job.cost, job.finished) == (15.0, 60, 60.0, 20)
    assert job.incumbent is job.trials[19]


def test_marks_tell_when_each_incumbent_came_and_what_had_been_used() -> None:
    job = simulate(train_along(lambda index, *_: float(-abs(index - 2)), steps=1), workers=1)
    job.run()
    told = [(m.seconds, m.cost, m.steps, m.finished, m.index, m.value) for m in job.marks]
    assert told == [
        (1.0, 1.0, 1, 1, 0, -2.0),
        (2.0, 2.0, 2, 2, 1, -1.0),
        (3.0, 3.0, 3, 3, 2, 0.0),
    ]


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


@pytest.mark.parametrize(
    ("values", "value", "want"),
    [
        pytest.param([1.0, 2.0], "Last", (SUCCEEDED, 2.0), id="finite"),
        pytest.param([2.0, 1.0], "Best", (SUCCEEDED, 2.0), id="the best counts"),
        pytest.param([1.0, float("nan")], "Last", (FAILED, None), id="NaN at the end"),
        pytest.param([1.0, float("nan")], "Best", (SUCCEEDED, 1.0), id="NaN after the best"),
        pytest.param([float("inf")], "Best", (FAILED, None), id="nothing but infinity"),
        pytest.param([], "Last", (TrialState.METRICS_UNAVAILABLE, None), id="no report"),
        pytest.param([1.0, None, 3.0], "Last", (FAILED, None), id="a failure"),
    ],
)
def test_a_trial_ends_as_the_operator_would_judge_it(
    values: Sequence[float | None], value: str, want: tuple[TrialState, float | None]
) -> None:
    def train(attempt: Attempt) -> Iterator[Report]:
        del attempt
        for step, number in enumerate(values, start=1):
            yield Report(step=step, value=number)

    job = simulate(train, trials=1, value=value)
    job.run()
    assert (job.trials[0].state, job.trials[0].value) == want


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


def test_a_job_ends_at_its_max_runtime_and_its_running_trials_keep_their_values() -> None:
    job = simulate(train_along(by_index, steps=100), limits={"maxRuntime": "10s"})
    outcome = job.run()
    assert outcome is not None
    assert outcome.reason == "MaxRuntimeReached"
    assert job.clock == 10.0
    assert states(job) == {TrialState.STOPPED: 4}
    assert job.incumbent is job.trials[3]


def test_a_job_ends_when_its_target_is_reached() -> None:
    job = simulate(completion={"target": 9.5}, workers=1)
    outcome = job.run()
    assert outcome is not None
    assert outcome.reason == "TargetReached"
    assert job.finished == 11


@pytest.mark.parametrize("limit", ["max_steps", "max_cost"])
def test_a_job_that_was_held_up_goes_on_as_if_it_had_not_been(limit: str) -> None:
    whole = simulate(train_along(FAMILIES["noisy"](1), steps=27), strategy="Hyperband")
    whole.run()
    parts = simulate(train_along(FAMILIES["noisy"](1), steps=27), strategy="Hyperband")
    for amount in range(1, 1000, 7):
        parts.run(**{limit: amount})
    assert parts.outcome == whole.outcome
    assert (parts.trials, parts.clock, parts.marks) == (whole.trials, whole.clock, whole.marks)


PAUSING = {"maxResource": 9, "restartPromoted": True}


@pytest.mark.parametrize(
    ("fields", "asks_less"),
    [
        pytest.param({}, True, id="random"),
        pytest.param({"earlyStopping": {"type": "Auto"}}, False, id="the median rule"),
        pytest.param({"strategy": "Hyperband"}, True, id="stopping"),
        pytest.param(
            {"strategy": "Hyperband", "hyperband": {**PAUSING, "mode": "Promotion"}},
            True,
            id="promotion",
        ),
        pytest.param(
            {"strategy": "Hyperband", "hyperband": {**PAUSING, "mode": "Synchronous"}},
            True,
            id="synchronous",
        ),
    ],
)
def test_looks_that_are_left_out_would_not_have_changed_anything(
    fields: dict[str, Any], *, asks_less: bool
) -> None:
    jobs = []
    for asks_always in (False, True):
        job = simulate(
            at_pace(train_along(FAMILIES["noisy"](1), steps=9), lambda index: 1 + index % 5),
            weather=Weather(disruptions=0.2, failures=0.1, stop_delay=0.5),
            **fields,
        )
        if asks_always:
            job._cluster._levels = None  # every report counts
        job.run()
        jobs.append(job)
    few, many = jobs
    assert (few.trials, few.clock, few.marks) == (many.trials, many.clock, many.marks)
    assert few.looks < many.looks if asks_less else few.looks == many.looks


def test_the_incumbent_of_each_moment_is_the_best_of_all_trials_then() -> None:
    told: list[tuple[int | None, int | None]] = []

    def compare(job: Simulation) -> None:
        best = incumbent(job.trials.values(), job.spec.objective)
        told.append((None if best is None else best.index, job.best_index))

    job = Simulation(
        make_spec(
            "Hyperband",
            parameters=PARAMETERS,
            hyperband={**PAUSING, "mode": "Promotion"},
            limits={"maxTrials": 40, "maxParallelTrials": 4, "maxInitialFailures": 0},
        ),
        train_along(FAMILIES["crossing"](2), steps=9),
        seed=2,
        weather=Weather(failures=0.2, disruptions=0.1),
        on_look=compare,
    )
    job.run()
    assert [mine for _, mine in told] == [wanted for wanted, _ in told]
    assert len({wanted for wanted, _ in told}) > 3


def test_what_a_stopped_trial_would_have_reported_is_not_computed() -> None:
    asked: Counter[int] = Counter()

    def curve(index: int, *_: object) -> float:
        asked[index] += 1
        return -float(index)

    job = simulate(train_along(curve, steps=27), strategy="Hyperband", workers=1)
    job.run()
    stopped = [t for t in job.trials.values() if t.state is TrialState.EARLY_STOPPED]
    assert stopped
    assert all(asked[t.index] <= len(t.observations) + 1 for t in stopped)


def test_a_suspended_job_waits() -> None:
    job = simulate(suspend=True)
    assert job.run() is None
    assert job.trials == {}
