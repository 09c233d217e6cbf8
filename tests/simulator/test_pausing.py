"""Trials that pause at rungs, in virtual time: what they cost, and that no worker idles."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import CompletionSpec
from kubetune.simulator.simulation import Simulation
from kubetune.simulator.training import Attempt, Report, train_along
from kubetune.simulator.weather import Weather
from tests.core.builders import make_spec
from tests.examples import examples
from tests.simulation.curves import FAMILIES, PARAMETERS

SUCCEEDED, PAUSED, EARLY = TrialState.SUCCEEDED, TrialState.PAUSED, TrialState.EARLY_STOPPED
CHECKPOINT = {"persistentVolumeClaim": {"claimName": "models"}}


def simulate(
    mode: str = "Promotion",
    *,
    restarts: bool = False,
    trials: int = 20,
    workers: int = 4,
    weather: Weather | None = None,
    **settings: Any,
) -> Simulation:
    """Return a job with rungs at 1, 3 and 9 that is over; trial i is worth i."""
    if mode == "Promotion":
        settings.setdefault("brackets", 1)
    given: dict[str, Any] = {} if restarts else {"checkpoint": CHECKPOINT}
    job = Simulation(
        make_spec(
            "Hyperband",
            parameters=PARAMETERS,
            hyperband={"mode": mode, "restartPromoted": restarts, "maxResource": 9, **settings},
            limits={"maxTrials": trials, "maxParallelTrials": workers, "maxInitialFailures": 0},
            **given,
        ),
        train_along(lambda index, *_: float(index), steps=9),
        seed=1,
        weather=weather or Weather(),
    )
    job.run()
    return job


@pytest.mark.parametrize("mode", ["Promotion", "Synchronous"])
def test_with_a_checkpoint_each_step_is_trained_once(mode: str) -> None:
    job = simulate(mode)
    assert {trial.state for trial in job.trials.values()} == {SUCCEEDED, EARLY}
    assert job.trials[19].state is SUCCEEDED or mode == "Synchronous"
    assert job.steps == sum(trial.resource or 0 for trial in job.trials.values())
    assert job.cost == job.steps


def test_without_one_every_rung_is_trained_from_the_beginning() -> None:
    job = simulate(restarts=True)
    kept = simulate()
    assert job.trials.keys() == kept.trials.keys()
    assert job.steps > kept.steps
    whole = [trial for trial in job.trials.values() if trial.state is SUCCEEDED]
    rungs = sum(len(trial.rungs) for trial in whole)
    assert rungs == 2 * len(whole)


def test_a_training_that_knows_nothing_of_checkpoints_goes_on_all_the_same() -> None:
    def train(attempt: Attempt) -> Iterator[Report]:
        for step in range(1, 30):
            yield Report(step=step, value=float(attempt.index))

    job = Simulation(simulate().spec, train, seed=1)
    job.run()
    assert (job.steps, job.clock) == (simulate().steps, simulate().clock)


def test_synchronous_brackets_are_those_of_the_table() -> None:
    job = simulate("Synchronous", trials=15, brackets=3)
    reached: dict[int, list[int]] = {}
    for trial in job.trials.values():
        reached.setdefault(trial.bracket or 0, []).append(trial.resource or 0)
    assert {bracket: sorted(levels) for bracket, levels in reached.items()} == {
        0: [1, 1, 1, 1, 1, 1, 3, 3, 9],
        1: [3, 3, 9],
        2: [9, 9, 9],
    }


@examples(15)
@given(
    workers=st.integers(1, 12),
    brackets=st.integers(1, 3),
    eta=st.integers(2, 4),
    stragglers=st.sampled_from([0.0, 0.2, 0.6]),
    failures=st.sampled_from([0.0, 0.3]),
    seed=st.integers(0, 100),
)
def test_no_worker_idles_while_a_bracket_waits_for_its_stragglers(
    *, workers: int, brackets: int, eta: int, stragglers: float, failures: float, seed: int
) -> None:
    spec = simulate("Synchronous", trials=1, brackets=brackets, reductionFactor=eta).spec
    limits = spec.limits.model_copy(
        update={"max_trials": 10_000, "max_parallel_trials": workers, "max_failed_trials": None}
    )
    job = Simulation(
        spec.model_copy(update={"limits": limits}),
        train_along(lambda index, *_: float(index), steps=9),
        seed=seed,
        weather=Weather(stragglers=stragglers, slowness=8.0, failures=failures),
    )
    job.run(max_cost=40.0 * workers)
    assert job.outcome is None
    assert job.cost == pytest.approx(workers * job.clock)


def test_a_bracket_begins_while_another_waits() -> None:
    spec = simulate("Synchronous", trials=1, brackets=3).spec
    limits = spec.limits.model_copy(update={"max_trials": 10_000, "max_parallel_trials": 5})
    weather = Weather(stragglers=0.2, slowness=8.0)
    training = train_along(lambda index, *_: float(index), steps=9)
    job = Simulation(spec.model_copy(update={"limits": limits}), training, seed=1, weather=weather)
    job.run(max_cost=1000.0)
    waiting = {trial.bracket for trial in job.trials.values() if trial.state is PAUSED}
    training_now = {trial.bracket for trial in job.trials.values() if trial.holds_slot}
    assert waiting
    assert training_now - waiting


@pytest.mark.parametrize("mode", ["Promotion", "Synchronous"])
def test_failures_and_disruptions_hold_nobody_up(mode: str) -> None:
    job = simulate(mode, trials=60, weather=Weather(failures=0.3, disruptions=0.3, start_delay=0.5))
    assert job.outcome is not None
    assert job.outcome.reason == "MaxTrialsReached"
    states = {trial.state for trial in job.trials.values()}
    assert states == {SUCCEEDED, EARLY, TrialState.FAILED}


def test_the_incumbent_may_be_a_paused_trial_until_one_is_trained_to_the_end() -> None:
    job = simulate()
    first = job.marks[0]
    assert first.finished == 0
    assert job.incumbent is not None
    assert job.incumbent.state is SUCCEEDED


@pytest.mark.parametrize("mode", ["Promotion", "Synchronous"])
@pytest.mark.parametrize("family", ["steady", "noisy"])
def test_the_same_seed_gives_the_same_job(mode: str, family: str) -> None:
    def trained() -> list[tuple[int | None, float | None]]:
        job = Simulation(simulate(mode).spec, train_along(FAMILIES[family](3), steps=9), seed=3)
        job.run()
        return [(trial.resource, trial.value) for trial in job.trials.values()]

    assert trained() == trained()


@pytest.mark.parametrize(
    ("mode", "patience", "want"),
    [
        # Trial 0 wins; those behind it pause at the first rung and stay there.
        pytest.param("Promotion", 6, "NotImproving", id="left behind at their rung"),
        # A whole bracket of nine waits at its first rung, and says nothing before that is decided.
        pytest.param("Synchronous", 12, "NotImproving", id="dropped by their rung"),
        pytest.param("Synchronous", 200, "MaxTrialsReached", id="too few to say so"),
    ],
)
def test_a_job_whose_trials_wait_behind_the_best_does_not_improve(
    mode: str, patience: int, want: str
) -> None:
    spec = simulate(mode, trials=60).spec
    completion = CompletionSpec.model_validate({"notImproving": {"trials": patience}})
    spec = spec.model_copy(update={"completion": completion})
    job = Simulation(spec, train_along(lambda index, *_: -float(index), steps=9), seed=1)
    outcome = job.run()
    assert outcome is not None
    assert outcome.reason == want
    assert (len(job.trials) < 60) is (want == "NotImproving")
    if outcome.evidence is not None and want == "NotImproving":
        assert outcome.evidence.value >= patience
