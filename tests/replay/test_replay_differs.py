"""What was changed after it was recorded does not follow, and is told."""

from kubetune.replay.finding import Kind
from tests.replay.replayed import DIFFERS, a_record, differing, findings, verdicts


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


def test_a_value_that_was_not_reported_is_told() -> None:
    objects = a_record("Random")
    objects[3]["status"]["value"] += 1
    assert (Kind.VALUE, "digits-2") in differing(objects)
