"""Decisions of recorded jobs follow, and what was changed afterwards does not."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from kubetune.cli.recorded import history_of
from kubetune.kube.objects import Trial
from kubetune.replay.finding import Finding, Kind, Verdict
from kubetune.replay.replay import replay
from kubetune.simulator.training import at_pace, train_along
from kubetune.simulator.weather import CALM, Weather
from tests.core.builders import ACTIVATION, HIDDEN, make_spec
from tests.replay.recorded import as_parent, record
from tests.simulation.curves import FAMILIES, PARAMETERS

FOLLOWS, DIFFERS, UNDECIDED = Verdict.FOLLOWS, Verdict.DIFFERS, Verdict.UNDECIDED

# Several reports and ends fall into every second, so that their order has to be found.
UNEVEN = at_pace(
    train_along(FAMILIES["noisy"](1), steps=9, seconds=1.37), lambda index: 1 + index % 7 / 10
)


def a_record(
    strategy: str = "Hyperband",
    *,
    parent: Sequence[dict[str, Any]] = (),
    weather: Weather = CALM,
    with_basis: bool = True,
    seed: int = 7,
    **fields: Any,
) -> list[dict[str, Any]]:
    limits = {"maxTrials": 24, "maxParallelTrials": 5, "maxInitialFailures": 0}
    spec = make_spec(
        strategy,
        **{
            "parameters": PARAMETERS,
            "limits": limits,
            **({"hyperband": {"maxResource": 9}} if strategy == "Hyperband" else {}),
            **fields,
        },
    )
    return record(spec, UNEVEN, seed=seed, weather=weather, with_basis=with_basis, parent=parent)


def findings(objects: list[dict[str, Any]]) -> list[Finding]:
    body, *trials = objects
    return replay(history_of(body, [msgspec.convert(trial, Trial) for trial in trials]))


def verdicts(objects: list[dict[str, Any]]) -> dict[tuple[Kind, Verdict], int]:
    return Counter((finding.kind, finding.verdict) for finding in findings(objects))


SHORT = {"maxTrials": 11, "maxParallelTrials": 4, "maxInitialFailures": 0}
PAUSING = {"maxResource": 9, "restartPromoted": True}
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


def test_a_point_that_was_not_suggested_is_told_with_the_one_that_was() -> None:
    objects = a_record("Random")
    objects[4]["spec"]["parameters"]["x"] = 0.123
    (found,) = (f for f in findings(objects) if f.verdict is DIFFERS)
    assert (found.kind, found.name) == (Kind.SUGGESTION, "digits-3")
    assert found.text.startswith("x is 0.123, recomputed 0.")


def test_another_seed_explains_no_point() -> None:
    objects = a_record("Random")
    objects[0]["status"]["seed"] = 8
    assert verdicts(objects)[Kind.SUGGESTION, DIFFERS] == 24


def test_a_bracket_that_was_not_drawn_is_told() -> None:
    objects = a_record(hyperband={"maxResource": 9, "brackets": 2})
    objects[1]["spec"]["bracket"] ^= 1
    (found,) = (f for f in findings(objects) if f.kind is Kind.SUGGESTION and f.verdict is DIFFERS)
    assert found.text in ("bracket is 0, recomputed 1", "bracket is 1, recomputed 0")


def test_a_stop_whose_evidence_was_changed_does_not_follow() -> None:
    objects = a_record()
    stopped = next(trial for trial in objects[1:] if trial["status"]["state"] == "EarlyStopped")
    stopped["status"]["evidence"]["threshold"] += 0.25
    (found,) = (f for f in findings(objects) if f.verdict is DIFFERS)
    assert (found.kind, found.name) == (Kind.EARLY_STOP, stopped["metadata"]["name"])
    assert "recomputed asha/" in found.text


def test_an_end_that_was_not_due_does_not_follow() -> None:
    objects = a_record("Random")
    objects[0]["spec"]["limits"]["maxTrials"] = 30
    objects[0]["metadata"]["generation"] = 2
    (found,) = (f for f in findings(objects) if f.verdict is DIFFERS)
    assert found.kind is Kind.END
    assert "recomputed: the job goes on; the spec was changed" in found.text


def test_a_best_trial_that_is_not_the_best_does_not_follow() -> None:
    objects = a_record("Random")
    objects[0]["status"]["best"]["trial"] = "digits-99"
    (found,) = (f for f in findings(objects) if f.verdict is DIFFERS)
    assert found.text.startswith("status.best is digits-99, recomputed digits-")


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


def rung_of(objects: list[dict[str, Any]], *, promoted: bool) -> dict[str, Any]:
    """Return a Trial that paused and was promoted from its first rung, or was not."""
    return next(
        trial
        for trial in objects[1:]
        if trial["status"].get("rungs") and ("promotion" in trial["status"]["rungs"][0]) is promoted
    )


def a_pausing_record(mode: str) -> list[dict[str, Any]]:
    return a_record(hyperband={**PAUSING, "mode": mode, "brackets": 1}, limits=SHORT)


modes = pytest.mark.parametrize("mode", ["Promotion", "Synchronous"])


def differing(objects: list[dict[str, Any]]) -> set[tuple[Kind, str]]:
    return {(f.kind, f.name) for f in findings(objects) if f.verdict is DIFFERS}


@modes
@pytest.mark.parametrize("field", ["value", "threshold", "population", "step", "rule"])
def test_a_promotion_whose_evidence_was_changed_does_not_follow(mode: str, field: str) -> None:
    objects = a_pausing_record(mode)
    trial = rung_of(objects, promoted=True)
    evidence = trial["status"]["rungs"][0]["promotion"]
    evidence[field] = "asha/v0" if field == "rule" else evidence[field] + 9
    assert (Kind.PROMOTION, trial["metadata"]["name"]) in differing(objects)


@modes
def test_a_promotion_of_a_trial_that_was_not_among_the_best_does_not_follow(mode: str) -> None:
    objects = a_pausing_record(mode)
    good, bad = rung_of(objects, promoted=True), rung_of(objects, promoted=False)
    bad["status"]["rungs"][0]["promotion"] = {
        **good["status"]["rungs"][0]["promotion"],
        "value": bad["status"]["rungs"][0]["value"],
    }
    bad["status"]["resource"] = good["status"]["rungs"][1]["step"]
    found = [f for f in findings(objects) if f.name == bad["metadata"]["name"]]
    assert any(f.kind is Kind.PROMOTION and "does not promote it" in f.text for f in found)


@modes
def test_a_trial_that_went_on_without_a_promotion_is_told(mode: str) -> None:
    objects = a_pausing_record(mode)
    trial = next(t for t in objects[1:] if len(t["status"].get("rungs", [])) > 1)
    del trial["status"]["rungs"][0]["promotion"]
    assert (Kind.PAUSE, trial["metadata"]["name"]) in differing(objects)


@modes
def test_a_rung_that_was_not_the_next_one_is_told(mode: str) -> None:
    objects = a_pausing_record(mode)
    trial = rung_of(objects, promoted=False)
    trial["status"]["rungs"][0]["step"] = 2
    assert (Kind.PAUSE, trial["metadata"]["name"]) in differing(objects)


@modes
def test_a_value_at_a_rung_that_was_not_reported_is_told(mode: str) -> None:
    objects = a_pausing_record(mode)
    trial = rung_of(objects, promoted=False)
    trial["status"]["rungs"][0]["value"] -= 0.01
    name = trial["metadata"]["name"]
    assert {(Kind.PAUSE, name), (Kind.EARLY_STOP, name)} <= differing(objects)


@modes
def test_a_stop_of_a_paused_trial_whose_evidence_was_changed_does_not_follow(mode: str) -> None:
    objects = a_pausing_record(mode)
    trial = rung_of(objects, promoted=False)
    trial["status"]["evidence"]["threshold"] += 0.25
    (found,) = (f for f in findings(objects) if f.verdict is DIFFERS)
    assert (found.kind, found.name) == (Kind.EARLY_STOP, trial["metadata"]["name"])
    assert "recomputed" in found.text


@modes
def test_a_trial_that_succeeded_below_the_last_rung_had_to_pause(mode: str) -> None:
    objects = a_pausing_record(mode)
    trial = rung_of(objects, promoted=False)
    trial["status"] |= {"state": "Succeeded"}
    (found,) = (f for f in findings(objects) if f.kind is Kind.VALUE)
    assert found.text.endswith("where it had to pause: the last is 9")


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


def test_a_value_that_was_not_reported_is_told() -> None:
    objects = a_record("Random")
    objects[3]["status"]["value"] += 1
    assert (Kind.VALUE, "digits-2") in differing(objects)


@pytest.mark.parametrize(
    ("seconds", "is_late"),
    [
        pytest.param(12, True, id="long after"),
        pytest.param(3, False, id="as soon as the Job of the rung can be gone"),
    ],
)
def test_a_promotion_that_launches_passed_over_is_told(seconds: int, *, is_late: bool) -> None:
    spec = make_spec(
        "Hyperband",
        parameters=PARAMETERS,
        hyperband={**PAUSING, "mode": "Promotion", "brackets": 1},
        limits={"maxTrials": 24, "maxParallelTrials": 5, "maxInitialFailures": 0},
    )
    objects = record(spec, UNEVEN, idles=timedelta(seconds=seconds))
    found = [f for f in findings(objects) if f.verdict is DIFFERS and f.kind is Kind.PROMOTION]
    assert bool(found) is is_late
    assert all("was launched instead" in f.text for f in found)


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
