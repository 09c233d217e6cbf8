"""Rungs, pauses and promotions that were changed do not follow, and are told."""

from datetime import timedelta
from typing import Any

import pytest

from kubetune.replay.finding import Kind
from tests.core.builders import make_spec
from tests.replay.recorded import record
from tests.replay.replayed import DIFFERS, PAUSING, SHORT, UNEVEN, a_record, differing, findings
from tests.simulation.curves import PARAMETERS


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
