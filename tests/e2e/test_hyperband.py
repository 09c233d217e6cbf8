"""Hyperband stops trials that will not win by deleting their Jobs, and says why."""

import pytest

from tests.e2e.tuning_jobs import Jobs, states, trains, tuning_job

pytestmark = pytest.mark.cluster

TOP = 27


def test_losers_are_gone_with_evidence_and_survivors_reach_the_top_rung(jobs: Jobs) -> None:
    jobs.apply(
        tuning_job(
            "rungs",
            trains(TOP, seconds=0.3),
            strategy={"type": "Hyperband", "seed": 3, "hyperband": {"maxResource": TOP}},
            limits={"maxTrials": 9, "maxParallelTrials": 4},
        )
    )
    status = jobs.finish("rungs", seconds=180)
    trials = jobs.trials("rungs")
    stopped = [trial for trial in trials if trial["status"]["state"] == "EarlyStopped"]
    survivors = [trial for trial in trials if trial["status"]["state"] == "Succeeded"]
    assert len(stopped) + len(survivors) == len(trials) == 9, states(trials)
    assert stopped
    assert survivors
    assert status["trials"]["earlyStopped"] == len(stopped)

    for trial in stopped:
        evidence = trial["status"]["evidence"]
        assert evidence["value"] < evidence["threshold"]
        assert evidence["step"] in (1, 3, 9)
        assert evidence["population"] >= 3
        assert evidence["rule"].startswith("asha/")
        assert trial["status"]["step"] < TOP
    for trial in survivors:
        assert trial["status"]["observations"][-1]["step"] == TOP
        steps = {observation["step"] for observation in trial["status"]["observations"]}
        assert {1, 3, 9, TOP} <= steps

    names = {trial["metadata"]["name"] for trial in stopped}
    selector = f"kubetune.dev/trial in ({','.join(sorted(names))})"
    jobs.kubectl("wait", "pod", "-l", selector, "--for=delete", "--timeout=60s")
    left = {job["metadata"]["name"] for job in jobs.jobs("rungs")}
    assert left & names == set()
    told = [event["reason"] for event in jobs.events("TuningJob", "rungs")]
    assert told.count("TrialEarlyStopped") == len(stopped)
    best = max(survivors, key=lambda trial: trial["status"]["value"])
    assert status["best"]["trial"] == best["metadata"]["name"]
