"""Decisions of recorded jobs follow, and what was changed afterwards does not."""

from collections import Counter
from collections.abc import Sequence
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


CASES: dict[str, dict[str, Any]] = {
    "random": {"strategy": "Random"},
    "quasirandom": {"strategy": "Random", "sequence": "Quasirandom"},
    "hyperband": {"strategy": "Hyperband"},
    "brackets": {"strategy": "Hyperband", "hyperband": {"maxResource": 9, "brackets": 3}},
    "median": {"strategy": "Random", "earlyStopping": {"type": "Auto"}},
    "initial": {"strategy": "Random", "initialTrials": [{"parameters": {"x": 0.5}}]},
}


@pytest.mark.parametrize("with_basis", [True, False], ids=["basis", "no-basis"])
@pytest.mark.parametrize(
    "weather", [CALM, Weather(failures=0.1, stop_delay=0.6)], ids=["calm", "faults"]
)
@pytest.mark.parametrize("case", CASES)
def test_every_decision_of_a_recorded_job_follows(
    case: str, weather: Weather, *, with_basis: bool
) -> None:
    objects = a_record(**CASES[case], weather=weather, with_basis=with_basis)
    found = findings(objects)
    assert [f for f in found if f.verdict is not FOLLOWS] == []
    kinds = Counter(finding.kind for finding in found)
    assert (kinds[Kind.SUGGESTION], kinds[Kind.END], kinds[Kind.BEST]) == (24, 1, 1)
    stopped = sum(trial["status"]["state"] == "EarlyStopped" for trial in objects[1:])
    assert kinds[Kind.EARLY_STOP] == stopped
    assert stopped > 3 or case not in ("hyperband", "brackets", "median")


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
