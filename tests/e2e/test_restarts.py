"""The operator may die at any moment: nothing is lost and nothing runs twice."""

import os
import random  # noqa: TID251  the moments of a killer, with a fixed seed
import signal
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.bringup import bring_up
from tests.cluster.layout import default_layout
from tests.cluster.processes import read_record
from tests.cluster.progress import Reporter
from tests.conftest import TestCluster
from tests.e2e.local_operator import LocalOperator, operator_kubeconfig
from tests.e2e.tuning_jobs import REPORTS_X, Jobs, states, trains, tuning_job

pytestmark = pytest.mark.cluster

KILLS = 10
TRIALS = 24
EPOCHS = 12
COLLECTOR = b"/app/kubetune/collector/__main__.py"


def test_ten_kills_at_random_moments_lose_nothing(operator: LocalOperator, jobs: Jobs) -> None:
    limits = {"maxTrials": TRIALS, "maxParallelTrials": 4}
    jobs.apply(tuning_job("killed", trains(4, seconds=0.5), limits=limits))
    moments = random.Random(7)  # noqa: S311  moments, not secrets
    for kill in range(KILLS):
        operator.start()
        # Leads once the lease has run out; then dies somewhere in the middle of its work.
        _wait_for_progress(jobs, trials=2 * (kill + 1), extra_seconds=moments.uniform(0, 1.5))
        operator.kill()
    operator.start()
    status = jobs.finish("killed", seconds=180)
    trials = jobs.trials("killed")
    assert states(trials) == ["Succeeded"] * TRIALS
    assert [trial["spec"]["index"] for trial in trials] == list(range(TRIALS))
    assert status["progress"] == f"{TRIALS}/{TRIALS}"
    pods = jobs.pods("killed")
    assert len(pods) == TRIALS, "a trial ran twice"
    assert [trial["status"]["attempts"] for trial in trials] == [1] * TRIALS
    assert _most_at_once(pods) <= limits["maxParallelTrials"]


def test_a_job_that_is_deleted_while_the_operator_is_down_leaves_nothing(
    operator: LocalOperator, jobs: Jobs
) -> None:
    operator.start()
    jobs.apply(tuning_job("orphan", trains(3000)))
    jobs.wait_for_trial("orphan-0", "{.status.state}=Running")
    operator.kill()
    jobs.kubectl("delete", "tuningjob", "orphan", "--timeout=30s")
    for resource in ("trial", "job", "pod"):
        jobs.kubectl("wait", resource, "-l", "kubetune.dev/tuning-job=orphan", "--for=delete")
    assert (jobs.trials("orphan"), jobs.jobs("orphan"), jobs.pods("orphan")) == ([], [], [])


def test_what_ends_while_the_operator_is_down_is_found_on_its_return(
    operator: LocalOperator, jobs: Jobs
) -> None:
    operator.start()
    jobs.apply(tuning_job("alone", trains(3), limits={"maxTrials": 2, "maxParallelTrials": 2}))
    for index in (0, 1):
        jobs.wait_for_trial(f"alone-{index}", "{.status.state}=Running")
    operator.kill()
    jobs.kubectl("wait", "job/alone-0", "job/alone-1", "--for=condition=Complete")
    operator.start()
    assert jobs.finish("alone")["phase"] == "Complete"
    assert states(jobs.trials("alone")) == ["Succeeded", "Succeeded"]


def test_two_operators_by_mistake_do_no_harm(
    operator: LocalOperator, kubetune: TestCluster, tmp_path: Path, jobs: Jobs
) -> None:
    second = LocalOperator(operator_kubeconfig(kubetune, tmp_path), tmp_path / "second-log")
    for process in (operator, second):
        process.without_election()
        process.start()
    try:
        limits = {"maxTrials": 6, "maxParallelTrials": 3}
        jobs.apply(tuning_job("both", REPORTS_X, limits=limits))
        jobs.finish("both")
        assert states(jobs.trials("both")) == ["Succeeded"] * 6
        assert len(jobs.pods("both")) == 6
    finally:
        second.kill()


def test_an_api_server_that_is_away_while_trials_end_costs_no_trial_and_no_report(
    kubetune: TestCluster, jobs: Jobs
) -> None:
    """The real process is killed while trials train, and comes back when even collectors ended."""
    if not kubetune.target.own:
        pytest.skip("somebody else's API server is left alone")
    layout = default_layout()
    server = read_record(layout.processes, "kube-apiserver")
    assert server is not None
    limits = {"maxTrials": 6, "maxParallelTrials": 3}
    jobs.apply(tuning_job("cut", trains(EPOCHS, seconds=0.5), limits=limits))
    jobs.wait_for_trial("cut-2", "{.status.observations[0].step}=1")
    os.kill(server.pid, signal.SIGKILL)
    try:
        _wait_until_no_collector_runs()
    finally:
        bring_up(layout, Reporter())
    status = jobs.finish("cut", seconds=180)
    trials = jobs.trials("cut")
    assert (status["phase"], status["progress"]) == ("Complete", "6/6")
    assert states(trials) == ["Succeeded"] * 6
    assert [trial["status"]["attempts"] for trial in trials] == [1] * 6
    for trial in trials:
        reported = trial["status"]["observations"]
        assert [each["step"] for each in reported] == list(range(1, EPOCHS + 1))
    pods = jobs.pods("cut")
    assert len(pods) == 6, "a trial ran twice"
    assert _most_at_once(pods) <= limits["maxParallelTrials"]


def _wait_until_no_collector_runs(seconds: float = 60) -> None:
    """Ask the machine, since no API server can be asked."""
    deadline = time.monotonic() + seconds
    while any(COLLECTOR in _command(process) for process in Path("/proc").glob("[0-9]*")):
        assert time.monotonic() < deadline, "a collector never ends without an API server"
        time.sleep(0.2)


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:  # it has ended meanwhile
        return b""


def _wait_for_progress(jobs: Jobs, *, trials: int, extra_seconds: float) -> None:
    """Wait until so many trials exist, and then a little longer, cut short by the next one."""
    name = f"killed-{min(trials, TRIALS) - 1}"
    jobs.kubectl("wait", f"trial/{name}", "--for=create", "--timeout=60s")
    beyond = f"killed-{min(trials, TRIALS - 1)}"
    timeout = f"--timeout={extra_seconds:.2f}s"
    jobs.kubectl("wait", f"trial/{beyond}", "--for=create", timeout, check=False)


def _most_at_once(pods: list[dict[str, Any]]) -> int:
    """Return how many pods ran at the same time, at most, by their own timestamps."""
    changes: list[tuple[datetime, int]] = []
    for pod in pods:
        ends = [s["state"]["terminated"] for s in pod["status"]["containerStatuses"]]
        changes.append((_time(min(end["startedAt"] for end in ends)), 1))
        changes.append((_time(max(end["finishedAt"] for end in ends)), -1))
    running = most = 0
    # Timestamps are whole seconds: an end and a start in the same one are an end first.
    for _, change in sorted(changes, key=lambda change: (change[0], change[1])):
        running += change
        most = max(most, running)
    return most


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
