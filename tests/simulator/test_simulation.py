"""The simulated operator: time, cost, marks, ends, and looks that are left out."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from kubetune.api.trial import TrialState
from kubetune.core.objective import incumbent
from kubetune.simulator.simulation import Simulation
from kubetune.simulator.training import Attempt, Report, at_pace, train_along
from kubetune.simulator.weather import Weather
from tests.core.builders import make_spec
from tests.simulation.curves import FAMILIES, PARAMETERS
from tests.simulator.simulated import FAILED, SUCCEEDED, by_index, simulate, states


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
