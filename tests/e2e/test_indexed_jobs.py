"""An Indexed Job: several pods train together, and that of completion index 0 reports."""

import pytest

from tests.e2e.tuning_jobs import Jobs, tuning_job

pytestmark = pytest.mark.cluster

TOGETHER = """
import os, time
index = int(os.environ["JOB_COMPLETION_INDEX"])
for step in (1, 2):
    print(f"step={step} score={100 * index + step + $(params.x)}", flush=True)
    time.sleep(3)
"""
OUTLIVED = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
if os.environ["JOB_COMPLETION_INDEX"] == "0":
    print("step=1 score=$(params.x)", flush=True)
else:
    time.sleep(600)
"""
INDEXED = {"completionMode": "Indexed", "completions": 2, "parallelism": 2}
ONE = {"maxTrials": 1, "maxParallelTrials": 1}


def test_the_pod_of_index_0_reports_while_it_trains_and_the_others_do_not(jobs: Jobs) -> None:
    jobs.apply(tuning_job("together", TOGETHER, limits=ONE, job=INDEXED))
    jobs.wait_for_trial("together-0", "{.status.observations[0].step}=1")
    assert jobs.trial("together-0")["status"]["state"] == "Running"
    status = jobs.finish("together")
    (trial,) = jobs.trials("together")
    assert (status["phase"], trial["status"]["state"]) == ("Complete", "Succeeded")
    scores = [each["metrics"]["score"] for each in trial["status"]["observations"]]
    assert len(scores) == 2
    assert max(scores) < 100, "another index has reported"
    assert len(jobs.pods("together")) == 2


def test_pods_that_outlive_that_of_index_0_end_with_the_tuning_job(jobs: Jobs) -> None:
    jobs.apply(tuning_job("outlived", OUTLIVED, limits=ONE, job=INDEXED))
    jobs.wait_for_trial("outlived-0", "{.status.observations[0].step}=1")
    first = ("pods", "-l", "batch.kubernetes.io/job-completion-index=0")
    jobs.kubectl("wait", *first, "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s")
    jobs.patch("outlived", '{"spec": {"stop": true}}')
    status = jobs.finish("outlived")
    assert (status["phase"], status["reason"]) == ("Complete", "StoppedByUser")
    trial = ("pods", "-l", "kubetune.dev/trial=outlived-0")
    jobs.kubectl("wait", *trial, "--for=delete", "--timeout=60s")
    assert (jobs.jobs("outlived"), jobs.pods("outlived")) == ([], [])


def test_several_pods_that_cannot_be_told_apart_are_refused_before_any_trial(jobs: Jobs) -> None:
    jobs.apply(tuning_job("alike", "pass", limits=ONE, job={"completions": 2}))
    jobs.wait("alike", "condition=Accepted=False")
    (accepted,) = [c for c in jobs.status("alike")["conditions"] if c["type"] == "Accepted"]
    assert accepted["reason"] == "PodsNotIndexed"
    assert "completionMode to Indexed" in accepted["message"]
    assert jobs.trials("alike") == []
