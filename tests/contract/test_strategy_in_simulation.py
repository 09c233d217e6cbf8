"""What a whole job keeps to, whatever its strategy: simulated, with everything that goes wrong."""

import json
import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from kubetune.api.parameters import ParameterValue, typed_point
from kubetune.api.strategy import StrategyType
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import Goal, TuningJobSpec
from kubetune.core.decision import Decision
from kubetune.core.space import build_space
from kubetune.core.trial import Observation, Trial
from kubetune.planner import check, decide
from kubetune.search.registry import STRATEGIES
from kubetune.simulator.simulation import Simulation
from kubetune.simulator.training import Training, at_pace, train_along
from kubetune.simulator.weather import CALM, Weather
from tests.contract.strategy_specs import CASES, IS_COSTLY, VARIANTS, a_spec, spaces_of

ROOT = Path(__file__).resolve().parents[2]
ROUGH = Weather(failures=0.15, disruptions=0.15, stragglers=0.2, slowness=4.0, stop_delay=0.5)

cases = pytest.mark.parametrize(("strategy", "variant"), CASES, ids=[name for _, name in CASES])


def bumpy(parameters: Mapping[str, ParameterValue], step: int) -> float:
    """Return a value that depends on every parameter and rises with the steps."""
    total = 0.0
    for place, value in enumerate(parameters.values(), start=1):
        number = float(value) if isinstance(value, int | float) else sum(map(ord, value)) / 100
        total += math.sin(place + number / (1 + abs(number))) / place
    return total * (1 - math.exp(-step / 3))


def training(sign: float = 1.0) -> Training:
    curve = train_along(lambda _, parameters, step: sign * bumpy(parameters, step), steps=9)
    return at_pace(curve, lambda index: 1 + index % 5 / 10)


def size_of(variant: str) -> int:
    return 10 if variant in IS_COSTLY else 40


def limited(
    strategy: StrategyType, variant: str, space: str = "infinite", **fields: Any
) -> TuningJobSpec:
    known = spaces_of(strategy)
    limits = {"maxParallelTrials": 4, "maxInitialFailures": 0}
    if strategy is not StrategyType.GRID:
        limits["maxTrials"] = size_of(variant)
    return a_spec(strategy, variant, space if space in known else known[0], limits=limits, **fields)


def run(spec: TuningJobSpec, *, weather: Weather = ROUGH, sign: float = 1.0) -> Simulation:
    assert check(spec) == ()
    job = Simulation(spec, training(sign), seed=5, weather=weather)
    assert job.run() is not None
    assert job.complaint is None
    return job


def essence(job: Simulation) -> list[tuple[int, TrialState, Mapping[str, ParameterValue]]]:
    return [(t.index, t.state, t.parameters) for t in job.trials.values()]


def test_every_strategy_of_the_registry_is_tested() -> None:
    assert set(VARIANTS) == set(STRATEGIES) == set(StrategyType)
    assert all(VARIANTS.values())


@cases
def test_points_of_every_space_are_inside_it_and_plain_numbers(
    strategy: StrategyType, variant: str
) -> None:
    for name in spaces_of(strategy):
        spec = a_spec(strategy, variant, name)
        space = build_space(spec.parameters)
        count = min(12, space.size or 12)
        suggested = STRATEGIES[strategy](spec, [], count=count, first_index=0, seed=3)
        assert [s.index for s in suggested] == list(range(count))
        for suggestion in suggested:
            point = dict(suggestion.parameters)
            assert typed_point(spec.parameters, json.loads(json.dumps(point))) == point
            assert all(type(value) in (int, float, str) for value in point.values())
            assert space.decode(space.encode(point)) == point


@cases
def test_a_job_in_rough_weather_ends_with_its_number_of_trials(
    strategy: StrategyType, variant: str
) -> None:
    job = run(limited(strategy, variant))
    assert sorted(job.trials) == list(range(len(job.trials)))
    assert len(job.trials) == (72 if strategy is StrategyType.GRID else size_of(variant))
    assert all(trial.state.is_finished for trial in job.trials.values())
    assert job.incumbent is not None


@cases
def test_a_finite_space_is_exhausted_without_a_repetition(
    strategy: StrategyType, variant: str
) -> None:
    spec = a_spec(
        strategy,
        variant,
        "one value of two" if variant in IS_COSTLY else "finite",
        limits={"maxParallelTrials": 3, "maxInitialFailures": 0},
    )
    job = run(spec)
    space = build_space(spec.parameters)
    assert job.outcome is not None
    assert job.outcome.reason == "SearchSpaceExhausted"
    assert len({space.key(trial.parameters) for trial in job.trials.values()}) == space.size


@cases
def test_minimising_the_negative_is_the_same_job(strategy: StrategyType, variant: str) -> None:
    largest = run(limited(strategy, variant, goal="Maximize"))
    smallest = run(limited(strategy, variant, goal="Minimize"), sign=-1.0)
    assert smallest.spec.objective.goal is Goal.MINIMIZE
    assert essence(largest) == essence(smallest)
    assert largest.clock == smallest.clock


@cases
def test_an_operator_that_restarts_before_every_look_decides_the_same(
    strategy: StrategyType, variant: str
) -> None:
    """The world is all that a decision is made from: written down, read again, in another order."""

    def forgetful(
        spec: TuningJobSpec,
        trials: Sequence[Trial],
        *,
        seed: int,
        started_at: datetime,
        now: datetime,
    ) -> Decision:
        again = TuningJobSpec.model_validate_json(spec.model_dump_json(by_alias=True))
        read = [_through_json(again, trial) for trial in reversed(trials)]
        return decide(again, read, seed=seed, started_at=started_at, now=now)

    spec = limited(strategy, variant)
    steady = run(spec)
    restarted = Simulation(spec, training(), seed=5, weather=ROUGH, decide=forgetful)
    restarted.run()
    assert essence(restarted) == essence(steady)
    assert restarted.marks == steady.marks


def _through_json(spec: TuningJobSpec, trial: Trial) -> Trial:
    text = json.dumps(
        {
            "parameters": dict(trial.parameters),
            "observations": [(o.step, o.value) for o in trial.observations],
            "rungs": [(o.step, o.value) for o in trial.rungs],
            "value": trial.value,
        }
    )
    read = json.loads(text)
    return replace(
        trial,
        parameters=typed_point(spec.parameters, dict(sorted(read["parameters"].items()))),
        observations=tuple(Observation(step=s, value=v) for s, v in read["observations"]),
        rungs=tuple(Observation(step=s, value=v) for s, v in read["rungs"]),
        value=read["value"],
    )


@cases
@pytest.mark.parametrize(
    "weather",
    [
        pytest.param(Weather(failures=0.999), id="all fail"),
        pytest.param(Weather(outages=((3.0, 40.0),)), id="the operator is away"),
    ],
)
def test_a_job_ends_whatever_happens(
    strategy: StrategyType, variant: str, weather: Weather
) -> None:
    job = run(limited(strategy, variant, "finite"), weather=weather)
    assert all(trial.state.is_finished for trial in job.trials.values())


@cases
@pytest.mark.parametrize("value", [0.0, 1e300, -1e-300], ids=str)
def test_a_constant_objective_is_survived(
    strategy: StrategyType, variant: str, value: float
) -> None:
    job = Simulation(
        limited(strategy, variant, "finite"),
        train_along(lambda *_: value, steps=2),
        seed=5,
        weather=CALM,
    )
    assert job.run() is not None
    assert job.incumbent is not None
    assert job.incumbent.value == value


_PROGRAM = """
import sys
from tests.contract.test_strategy_in_simulation import printed
sys.stdout.write(printed())
"""


def printed() -> str:
    """Return what every strategy suggests after some trials, as text."""
    lines = []
    for strategy, variant in CASES:
        spec = limited(strategy, variant)
        job = Simulation(spec, training(), seed=5, weather=ROUGH)
        job.run(max_steps=40)
        job_lines = [f"{i} {json.dumps(dict(t.parameters))}" for i, t in job.trials.items()]
        lines += [variant, *job_lines]
    return "\n".join(lines)


def test_another_process_suggests_the_same() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT / 'operator'}:{ROOT}", "PYTHONHASHSEED": "1234"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == printed()
