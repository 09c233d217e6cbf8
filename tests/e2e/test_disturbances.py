"""What people and machines do to a running job: it goes on, or says what is the matter."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.cluster.bringup import bring_up
from tests.cluster.layout import default_layout
from tests.cluster.processes import read_record
from tests.cluster.progress import Reporter
from tests.conftest import TestCluster
from tests.e2e.tuning_jobs import REPORTS_X, Jobs, states, trains, tuning_job

pytestmark = pytest.mark.cluster

TWO = {"maxTrials": 2, "maxParallelTrials": 2}
COLLECTOR = b"/app/kubetune/collector/__main__.py"
PRINTS_MUCH = (
    "print('epoch=1 score=0.1', flush=True)\n"
    "for _ in range(200_000): print('x' * 100)\n"
    "print('epoch=2 score=0.2')\n"
)


def test_a_job_that_is_deleted_and_made_again_at_once_starts_anew_without_a_warning(
    jobs: Jobs,
) -> None:
    manifest = tuning_job("anew", trains(4), limits=TWO)
    jobs.apply(manifest)
    jobs.wait_for_trial("anew-1", "{.status.state}=Running")
    earlier = {trial["metadata"]["uid"] for trial in jobs.trials("anew")}
    jobs.kubectl("delete", "tuningjob", "anew", "--wait=false")
    jobs.apply(manifest)
    status = jobs.finish("anew")
    trials = jobs.trials("anew")
    assert states(trials) == ["Succeeded", "Succeeded"]
    assert [trial["status"]["attempts"] for trial in trials] == [1, 1]
    assert earlier.isdisjoint(trial["metadata"]["uid"] for trial in trials)
    assert "Degraded" not in {condition["type"] for condition in status["conditions"]}
    assert "TrialRefused" not in {event["reason"] for event in jobs.events("TuningJob", "anew")}


def test_jobs_that_the_template_suspends_are_pointed_out_until_somebody_resumes_them(
    jobs: Jobs,
) -> None:
    jobs.apply(tuning_job("held", REPORTS_X, limits=TWO, job={"suspend": True}))
    jobs.wait("held", "condition=Degraded")
    assert [trial["status"]["reason"] for trial in jobs.trials("held")] == [
        "SuspendedByTemplate"
    ] * 2
    for name in ("held-0", "held-1"):
        jobs.kubectl("patch", "job", name, "--type=merge", "-p", '{"spec":{"suspend":false}}')
    jobs.finish("held")
    assert states(jobs.trials("held")) == ["Succeeded", "Succeeded"]


def test_the_end_of_a_log_of_many_megabytes_is_read(jobs: Jobs) -> None:
    jobs.apply(tuning_job("wordy", PRINTS_MUCH, limits={"maxTrials": 1, "maxParallelTrials": 1}))
    jobs.finish("wordy")
    (trial,) = jobs.trials("wordy")
    assert (trial["status"]["state"], trial["status"]["value"]) == ("Succeeded", 0.2)


def test_collectors_that_are_killed_begin_again_and_lose_nothing(
    kubetune: TestCluster, jobs: Jobs
) -> None:
    if not kubetune.target.own:
        pytest.skip("somebody else's processes are left alone")
    jobs.apply(tuning_job("robbed", trains(20), limits=TWO))
    for name in ("robbed-0", "robbed-1"):
        jobs.wait_for_trial(name, "{.status.observations[0].step}=1")
    for process in Path("/proc").glob("[0-9]*"):
        if COLLECTOR in _read(process / "cmdline") and b"=robbed-" in _read(process / "environ"):
            os.kill(int(process.name), signal.SIGKILL)
    jobs.finish("robbed")
    for trial in jobs.trials("robbed"):
        assert (trial["status"]["state"], trial["status"]["attempts"]) == ("Succeeded", 1)
        assert [seen["step"] for seen in trial["status"]["observations"]] == list(range(1, 21))
    restarts = [pod["status"]["initContainerStatuses"][0] for pod in jobs.pods("robbed")]
    assert [container["restartCount"] for container in restarts] == [1, 1]


def test_a_node_whose_kubelet_and_container_runtime_die_loses_no_trial_and_no_report(
    kubetune: TestCluster, jobs: Jobs
) -> None:
    if not kubetune.target.own:
        pytest.skip("somebody else's node is left alone")
    layout = default_layout()
    jobs.apply(tuning_job("shaken", trains(30, seconds=0.5), limits=TWO))
    for name in ("shaken-0", "shaken-1"):
        jobs.wait_for_trial(name, "{.status.observations[0].step}=1")
    try:
        for component in ("kubelet", "containerd"):
            record = read_record(layout.processes, component)
            assert record is not None
            os.kill(record.pid, signal.SIGKILL)
        time.sleep(5)  # away for a while, not only started anew
    finally:
        bring_up(layout, Reporter())
    jobs.finish("shaken", seconds=180)
    for trial in jobs.trials("shaken"):
        assert (trial["status"]["state"], trial["status"]["attempts"]) == ("Succeeded", 1)
        assert [seen["step"] for seen in trial["status"]["observations"]] == list(range(1, 31))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # the process has ended meanwhile
        return b""
