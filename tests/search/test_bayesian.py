import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.core.decision import Suggestion
from kubetune.core.space import Point, build_space
from kubetune.core.trial import Trial
from kubetune.errors import SurrogateError
from kubetune.planner import decide
from kubetune.search import model_search
from kubetune.search.bayesian import start_size, suggest
from tests.core.builders import ACTIVATION, HIDDEN, LEARNING_RATE, START, make_spec, make_trial

MOMENTUM = {"name": "momentum", "type": "Float", "min": 0.0, "max": 1.0}
SPACE = [LEARNING_RATE, MOMENTUM, HIDDEN, ACTIVATION]
Objective = Callable[[Point], float]


def bowl(point: Point) -> float:
    """Largest, 0, at lr 0.01, momentum 0.7, 48 hidden units and gelu."""
    lr, momentum = math.log10(float(point["lr"])), float(point["momentum"])
    away = (lr + 2) ** 2 + 4 * (momentum - 0.7) ** 2 + abs(float(point["hidden"]) - 48) / 64
    return -away - (point["activation"] != "gelu")


def bayesian(parameters: Sequence[Any] = SPACE, **fields: Any) -> TuningJobSpec:
    fields.setdefault("limits", {"maxTrials": 50, "maxParallelTrials": 8})
    return make_spec("Bayesian", parameters=parameters, **fields)


def ask(
    spec: TuningJobSpec, trials: Sequence[Trial], count: int, seed: int = 3
) -> list[Suggestion]:
    return list(suggest(spec, trials, count=count, first_index=len(trials), seed=seed))


def finished(suggestions: Sequence[Suggestion], objective: Objective) -> list[Trial]:
    return [
        make_trial(
            s.index, TrialState.SUCCEEDED, [objective(dict(s.parameters))], parameters=s.parameters
        )
        for s in suggestions
    ]


def history(spec: TuningJobSpec, size: int, objective: Objective = bowl) -> list[Trial]:
    return finished(ask(replace_limits(spec, 3 * size), [], size), objective)


def replace_limits(spec: TuningJobSpec, max_trials: int) -> TuningJobSpec:
    limits = spec.limits.model_copy(update={"max_trials": max_trials})
    return spec.model_copy(update={"limits": limits})


@pytest.mark.parametrize(
    ("max_trials", "want"), [(None, 8), (50, 8), (24, 8), (12, 4), (9, 3), (3, 3)]
)
def test_the_start_is_at_most_eight_points_and_a_third_of_the_trials(
    max_trials: int | None, want: int
) -> None:
    assert start_size(max_trials) == want


def test_it_finds_the_best_of_a_mixed_space_in_few_trials() -> None:
    spec, trials = bayesian(), list[Trial]()
    for _ in range(8):
        trials += finished(ask(spec, trials, 4), bowl)
    best = max(trials, key=lambda trial: trial.value or -math.inf)
    assert best.value is not None
    assert best.value > -0.05
    assert (best.parameters["hidden"], best.parameters["activation"]) == (48, "gelu")


def test_each_suggestion_says_why_in_numbers() -> None:
    spec = bayesian()
    assert ask(spec, [], 3)[2].reason == "space-filling start, 3 of 8"
    trials = history(spec, 8)
    trials[7] = make_trial(7, TrialState.RUNNING, parameters=trials[7].parameters)
    (got,) = ask(spec, trials, 1)
    assert got.reason.startswith("accuracy expected at ")
    assert " ± " in got.reason
    assert "expected improvement 0." in got.reason
    assert got.reason.endswith("; from 7 values and 1 pending trials")


WIDE = [{**MOMENTUM, "name": f"x{k}"} for k in range(3)]


def smooth(point: Point) -> float:
    """So smooth that after some values nothing seems left to learn anywhere."""
    return -sum((float(point[f"x{k}"]) - 0.4) ** 2 for k in range(3))


@pytest.mark.parametrize("running", [8, 32])
@pytest.mark.parametrize(
    ("parameters", "objective", "known"),
    [(SPACE, bowl, 10), (SPACE, bowl, 20), (WIDE, smooth, 20)],
    ids=["mixed", "mixed and known", "smooth and known"],
)
def test_points_of_trials_that_run_are_not_suggested_again_nor_crowded(
    running: int, parameters: Sequence[Any], objective: Objective, known: int
) -> None:
    spec = bayesian(parameters)
    trials = history(spec, known, objective)
    got = ask(replace_limits(spec, 100), trials, running)
    space = build_space(spec.parameters)
    rows = [space.encode(s.parameters) for s in got]
    nearest = [min(math.dist(a, b) for b in rows if b is not a) for a in rows]
    assert len({space.key(s.parameters) for s in got}) == running
    assert min(nearest) > 0.04


def test_points_asked_for_one_by_one_while_others_run_stand_apart_as_well() -> None:
    spec = replace_limits(bayesian(WIDE), 100)
    trials = history(spec, 20, smooth)
    for _ in range(8):
        (got,) = ask(spec, trials, 1)
        trials.append(make_trial(got.index, TrialState.RUNNING, parameters=got.parameters))
    rows = [build_space(spec.parameters).encode(trial.parameters) for trial in trials[20:]]
    assert min(math.dist(a, b) for a in rows for b in rows if b is not a) > 0.04


def test_what_a_running_trial_has_reported_so_far_changes_nothing() -> None:
    spec = bayesian()
    trials = history(spec, 9)
    point = trials[8].parameters
    silent = [*trials[:8], make_trial(8, TrialState.RUNNING, parameters=point)]
    talking = [*trials[:8], make_trial(8, TrialState.RUNNING, [5.0, 9.0], parameters=point)]
    assert ask(spec, silent, 1) == ask(spec, talking, 1)


def test_a_region_where_trials_fail_is_avoided() -> None:
    """The best is next to the border at 0.6, beyond which everything fails."""
    failed = 0
    for seed in range(3):
        spec, trials = bayesian([MOMENTUM, LEARNING_RATE]), list[Trial]()
        while len(trials) < 32:
            for s in ask(spec, trials, 4, seed):
                momentum = float(s.parameters["momentum"])
                state = TrialState.FAILED if momentum > 0.6 else TrialState.SUCCEEDED
                values = [-abs(momentum - 0.58)] if state is TrialState.SUCCEEDED else []
                trials.append(make_trial(s.index, state, values, parameters=s.parameters))
        failed += sum(trial.state is TrialState.FAILED for trial in trials[24:])
        assert max(trial.value for trial in trials if trial.value is not None) > -0.01
    assert failed <= 6, "more than a quarter of those that were suggested last"


EXTREMES = {
    "constant": lambda _: 0.0,
    "constant and huge": lambda _: -1e300,
    "tiny": lambda k: 1e-300 * k,
    "huge": lambda k: 1e300 * (k - 5) / 10,
    "tiny and huge": lambda k: (1e300, 1e-300, -1e300, 1e-308)[k % 4] / (1 + k),
    "one outlier": lambda k: -1e12 if k == 3 else 0.5 + k / 1e9,
    "denormal": lambda k: 5e-324 * k,
}


@pytest.mark.parametrize("values", EXTREMES.values(), ids=EXTREMES)
def test_values_of_any_size_give_a_suggestion(values: Callable[[int], float]) -> None:
    spec = bayesian()
    trials = history(spec, 12)
    trials = [
        make_trial(t.index, TrialState.SUCCEEDED, [values(t.index)], parameters=t.parameters)
        for t in trials
    ]
    got = ask(spec, trials, 2)
    assert len(got) == 2
    assert all("nan" not in s.reason for s in got)


def test_the_same_point_with_many_values_does_no_harm() -> None:
    spec = bayesian()
    point = history(spec, 1)[0].parameters
    trials = [make_trial(k, TrialState.SUCCEEDED, [k % 3], parameters=point) for k in range(20)]
    assert len(ask(spec, trials, 3)) == 3


@pytest.mark.parametrize("state", [TrialState.FAILED, TrialState.METRICS_UNAVAILABLE])
def test_when_all_trials_fail_it_goes_on_filling_the_space(state: TrialState) -> None:
    spec = bayesian()
    trials = [make_trial(s.index, state, parameters=s.parameters) for s in ask(spec, [], 12)]
    (got,) = ask(spec, trials, 1)
    assert got.reason == "space-filling point 12 of seed 3"


def test_a_surrogate_that_cannot_be_fitted_is_replaced_and_the_user_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise SurrogateError("the numbers are against it")

    monkeypatch.setattr(model_search, "fit_surrogate", refuse)
    spec = bayesian()
    got = decide(spec, history(spec, 9), seed=3, started_at=START, now=START)
    assert got.fallback == "Bayesian could not answer: the numbers are against it"
    assert {s.reason.split(" point")[0] for s in got.launch} == {"space-filling"}
    assert len(got.launch) == 8


def test_nobody_pays_for_the_libraries_before_a_surrogate_is_needed() -> None:
    program = (
        "import sys; import kubetune.planner, kubetune.controller.main;"
        "print([name for name in ('numpy', 'scipy', 'sklearn') if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("parameters", [1, 30])
def test_one_parameter_and_thirty(parameters: int) -> None:
    names = [{**MOMENTUM, "name": f"x{k}"} for k in range(parameters)]
    spec = bayesian(names)
    trials = history(spec, 10, lambda p: -sum(float(v) ** 2 for v in p.values()))
    assert len(ask(spec, trials, 3)) == 3


def test_a_huge_finite_space_is_not_enumerated() -> None:
    wide = [{"name": n, "type": "Integer", "min": 0, "max": 2**40} for n in "abc"]
    spec = bayesian([*wide, ACTIVATION])
    trials = history(spec, 10, lambda p: float(p["a"]) / 2**40)
    assert len(ask(spec, trials, 2)) == 2


def test_asking_for_hundreds_at_once_is_answered_by_filling_the_space() -> None:
    spec = replace_limits(bayesian(), 1000)
    got = ask(spec, history(spec, 10), 300)
    assert len(got) == 300
    assert sum(s.reason.startswith("space-filling") for s in got) == 268


def test_trials_of_a_thousand_points_are_thinned_before_they_are_fitted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(model_search, "MOST_SCORED", 20)
    spec = bayesian()
    trials = history(spec, 60)
    (got,) = ask(replace_limits(spec, 1000), trials, 1)
    assert "from 20 values" in got.reason
    assert got.parameters not in [trial.parameters for trial in trials]
