"""Every decision of a recorded job follows from what it was made from."""

from collections import Counter
from typing import Any

import pytest

from kubetune.replay.finding import Kind
from kubetune.simulator.training import train_along
from kubetune.simulator.weather import CALM, Weather
from tests.core.builders import ACTIVATION, HIDDEN, make_spec
from tests.replay.recorded import as_parent, record
from tests.replay.replayed import (
    DIFFERS,
    FOLLOWS,
    PAUSING,
    SHORT,
    UNDECIDED,
    a_record,
    findings,
    verdicts,
)

CASES: dict[str, dict[str, Any]] = {
    "random": {"strategy": "Random"},
    "quasirandom": {"strategy": "Random", "sequence": "Quasirandom"},
    "hyperband": {"strategy": "Hyperband"},
    "brackets": {"strategy": "Hyperband", "hyperband": {"maxResource": 9, "brackets": 3}},
    "median": {"strategy": "Random", "earlyStopping": {"type": "Auto"}},
    "bayesian": {"strategy": "Bayesian", "limits": SHORT},
    "promotion": {"hyperband": {**PAUSING, "mode": "Promotion"}},
    "promotion, one bracket": {"hyperband": {**PAUSING, "mode": "Promotion", "brackets": 1}},
    "synchronous": {"hyperband": {**PAUSING, "mode": "Synchronous"}},
    "best": {"value": "Best", "hyperband": {**PAUSING, "mode": "Synchronous"}},
    "minimise": {"goal": "Minimize", "hyperband": {**PAUSING, "mode": "Promotion"}},
    "modelled": {"hyperband": {"maxResource": 9, "search": "Bayesian"}, "limits": SHORT},
    "modelled promotion": {
        "hyperband": {**PAUSING, "mode": "Promotion", "search": "Bayesian"},
        "limits": SHORT,
    },
    "modelled synchronous": {
        "hyperband": {**PAUSING, "mode": "Synchronous", "search": "Bayesian"},
        "limits": SHORT,
    },
    "initial": {"strategy": "Random", "initialTrials": [{"parameters": {"x": 0.5}}]},
}

FAULTS = Weather(failures=0.1, stop_delay=0.6)

# A model costs a tenth of a second at each launch: these meet no faults, and have a basis.
COSTLY = ("bayesian", "modelled", "modelled promotion", "modelled synchronous")


@pytest.mark.parametrize(
    ("case", "weather", "with_basis"),
    [
        pytest.param(
            case,
            weather,
            with_basis,
            id=f"{case}, {'calm' if weather is CALM else 'faults'}"
            f"{'' if with_basis else ', no basis'}",
        )
        for case in CASES
        for weather in (CALM, FAULTS)
        for with_basis in (True, False)
        if case not in COSTLY or (weather is CALM and with_basis)
    ],
)
def test_every_decision_of_a_recorded_job_follows(
    case: str,
    weather: Weather,
    with_basis: bool,  # noqa: FBT001  a parameter of the test
) -> None:
    objects = a_record(**CASES[case], weather=weather, with_basis=with_basis)
    found = findings(objects)
    assert [f for f in found if f.verdict is not FOLLOWS] == []
    kinds = Counter(finding.kind for finding in found)
    assert (kinds[Kind.SUGGESTION], kinds[Kind.END], kinds[Kind.BEST]) == (len(objects) - 1, 1, 1)
    stopped = sum(trial["status"]["state"] == "EarlyStopped" for trial in objects[1:])
    assert kinds[Kind.EARLY_STOP] == stopped
    assert stopped > 3 or case in ("random", "quasirandom", "bayesian", "initial")
    rungs = [rung for trial in objects[1:] for rung in trial["status"].get("rungs", [])]
    assert kinds[Kind.PAUSE] == len(rungs)
    assert kinds[Kind.PROMOTION] == sum("promotion" in rung for rung in rungs)
    assert kinds[Kind.PROMOTION] > 0 or "mode" not in CASES[case].get("hyperband", {})


# Found by chance among a thousand jobs.
@pytest.mark.parametrize(
    ("fields", "weather", "seed"),
    [
        pytest.param(
            {
                "hyperband": {**PAUSING, "mode": "Promotion"},
                "limits": {"maxTrials": 24, "maxParallelTrials": 3, "maxInitialFailures": 0},
                "goal": "Minimize",
                "value": "Best",
            },
            Weather(disruptions=0.2, start_delay=1.5, stop_delay=0.6),
            166,
            id="a trial of another bracket ended in that second",
        ),
        pytest.param(
            {
                "hyperband": {**PAUSING, "maxResource": 4, "mode": "Promotion", "brackets": 1},
                "limits": {
                    "maxTrials": 24,
                    "maxParallelTrials": 8,
                    "maxInitialFailures": 0,
                    "maxRuntime": "10s",
                },
                "completion": {"notImproving": {"trials": 6}, "target": 0.5},
            },
            Weather(failures=0.4),
            221,
            id="all trials moved with the job's end a second later",
        ),
    ],
)
def test_a_promotion_in_a_busy_second_follows(
    fields: dict[str, Any], weather: Weather, seed: int
) -> None:
    found = findings(a_record(**fields, weather=weather, seed=seed))
    assert [f for f in found if f.verdict is DIFFERS] == []
    assert any(f.kind is Kind.PROMOTION for f in found)


def test_a_grid_and_its_exhaustion_follow() -> None:
    spec = make_spec("Grid", parameters=[HIDDEN, ACTIVATION], limits={"maxParallelTrials": 3})
    objects = record(spec, train_along(lambda index, *_: index % 5, steps=2, seconds=0.4))
    assert set(verdicts(objects)) == {
        (Kind.SUGGESTION, FOLLOWS),
        (Kind.END, FOLLOWS),
        (Kind.BEST, FOLLOWS),
    }


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param({"completion": {"target": 0.5}}, "TargetReached", id="target"),
        pytest.param(
            {"completion": {"notImproving": {"trials": 5}}}, "NotImproving", id="not improving"
        ),
        pytest.param(
            {"limits": {"maxTrials": 90, "maxParallelTrials": 4, "maxRuntime": "30s"}},
            "MaxRuntimeReached",
            id="time",
        ),
    ],
)
def test_every_end_follows(fields: dict[str, Any], reason: str) -> None:
    objects = a_record("Random", **fields)
    assert objects[0]["status"]["conditions"][0]["reason"] == reason
    assert verdicts(objects)[Kind.END, FOLLOWS] == 1


def test_with_a_trial_that_was_deleted_nothing_false_is_said() -> None:
    for with_basis in (True, False):
        objects = a_record(with_basis=with_basis)
        del objects[3]
        found = verdicts(objects)
        assert found.get((Kind.SUGGESTION, DIFFERS), 0) == 0
        assert found.get((Kind.EARLY_STOP, DIFFERS), 0) == 0
        assert found.get((Kind.END, DIFFERS), 0) == 0
    assert found[Kind.SUGGESTION, FOLLOWS] == 23


def test_a_job_that_goes_on_has_no_end_to_check() -> None:
    objects = a_record("Random")
    objects[0]["status"]["conditions"] = []
    assert not any(finding.kind is Kind.END for finding in findings(objects))


def test_a_job_that_began_with_results_of_another_follows_from_them_too() -> None:
    parent = as_parent(a_record("Random", seed=3))
    start = {"from": ["parent"], "type": "TransferLearning"}
    objects = a_record("Random", parent=parent, warmStart=start)
    assert {f.verdict for f in findings([*objects, *parent])} == {FOLLOWS}
    # Without the parent's trials nothing false is said.
    alone = verdicts(objects)
    assert alone[Kind.SUGGESTION, UNDECIDED] > 0
    assert (Kind.SUGGESTION, DIFFERS) not in alone


def test_what_an_interrupted_trial_had_reported_accuses_nobody() -> None:
    brackets = {"maxResource": 9, "reductionFactor": 2, "brackets": 2}
    found = [
        finding
        for seed in range(20, 30)
        for finding in findings(
            a_record(hyperband=brackets, seed=seed, weather=Weather(disruptions=0.3))
        )
    ]
    assert [finding for finding in found if finding.verdict is DIFFERS] == []
    unsure = [f.text for f in found if f.kind is Kind.EARLY_STOP and f.verdict is UNDECIDED]
    assert unsure
    assert all("before it began anew is gone" in text for text in unsure)


def test_an_end_by_gpu_hours_follows_from_what_was_used_and_from_no_less() -> None:
    container = {"name": "train", "image": "i", "resources": {"limits": {"nvidia.com/gpu": 1}}}
    limits = {"maxTrials": 60, "maxParallelTrials": 4, "maxGpuHours": 0.05}
    objects = a_record(
        "Random",
        limits=limits,
        trial={"template": {"spec": {"template": {"spec": {"containers": [container]}}}}},
    )
    assert objects[0]["status"]["conditions"][0]["reason"] == "MaxGpuHoursReached"
    assert verdicts(objects)[Kind.END, FOLLOWS] == 1
    objects[0]["spec"]["limits"]["maxGpuHours"] = 0.06
    assert verdicts(objects)[Kind.END, DIFFERS] == 1
