"""What a trial's pod may do with its token, tried with the token."""

import json
import subprocess

import pytest

from tests.e2e.tuning_jobs import Jobs, tuning_job

pytestmark = pytest.mark.cluster

SLOW = "import time\nprint('score=1', flush=True)\ntime.sleep(600)"
OBSERVED = {"status": {"observations": [{"step": 7, "metrics": {"score": 7}}]}}


@pytest.fixture
def running(jobs: Jobs) -> Jobs:
    """Two trials of one job that run."""
    jobs.apply(tuning_job("held", SLOW))
    for name in ("held-0", "held-1"):
        jobs.wait_for_trial(name, "{.status.state}=Running")
    return jobs


def token_of(jobs: Jobs, trial: str, *, account: str = "kubetune-trial") -> str:
    """Return a token bound to the pod of a trial, as the collector has it."""
    pod = next(
        pod for pod in jobs.pods("held") if pod["metadata"]["labels"]["kubetune.dev/trial"] == trial
    )["metadata"]
    bound = ("--bound-object-kind=Pod", f"--bound-object-name={pod['name']}")
    uid = f"--bound-object-uid={pod['uid']}"
    return jobs.kubectl("create", "token", account, *bound, uid).strip()


def as_holder(jobs: Jobs, token: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run kubectl with nothing but a token."""
    anonymous = ("--user=nobody", "--client-certificate=", "--client-key=")
    return jobs.cluster.kubectl(
        *anonymous, f"--token={token}", "-n", jobs.namespace, *arguments, check=False
    )


def patch(trial: str, body: dict[str, object], *, status: bool = True) -> tuple[str, ...]:
    subresource = ("--subresource=status",) if status else ()
    return ("patch", "trial", trial, "--type=merge", *subresource, "-p", json.dumps(body))


def test_a_collector_reports_for_its_own_trial(running: Jobs) -> None:
    answer = as_holder(running, token_of(running, "held-0"), *patch("held-0", OBSERVED))
    assert answer.returncode == 0, answer.stderr
    assert running.trial("held-0")["status"]["observations"][-1]["step"] == 7


@pytest.mark.parametrize(
    ("command", "want_words"),
    [
        pytest.param(patch("held-1", OBSERVED), "may not report", id="anothers trial"),
        pytest.param(
            patch("held-0", {"status": {"state": "Succeeded"}}), "observations", id="its state"
        ),
        pytest.param(patch("held-0", {"status": {"value": 99}}), "observations", id="its value"),
        pytest.param(
            patch("held-0", {"spec": {"index": 5}}, status=False), "cannot patch", id="its spec"
        ),
        pytest.param(("delete", "trial", "held-1"), "cannot delete", id="deleting a trial"),
        pytest.param(("get", "secrets"), "cannot list", id="reading secrets"),
        pytest.param(("get", "pods"), "cannot list", id="listing pods"),
        pytest.param(("create", "job", "mine", "--image=x"), "cannot create", id="creating a job"),
        pytest.param(("annotate", "pod", "--all", "a=b"), "cannot list", id="annotating pods"),
    ],
)
def test_a_collector_is_refused(command: tuple[str, ...], want_words: str, running: Jobs) -> None:
    before = [trial["spec"] for trial in running.trials("held")]
    answer = as_holder(running, token_of(running, "held-0"), *command)
    assert answer.returncode != 0, answer.stdout
    assert want_words in answer.stderr
    assert [trial["spec"] for trial in running.trials("held")] == before
    states = [trial["status"]["state"] for trial in running.trials("held")]
    assert states == ["Running", "Running"]


def test_a_token_that_names_no_pod_is_refused(running: Jobs) -> None:
    token = running.kubectl("create", "token", "kubetune-trial").strip()
    answer = as_holder(running, token, *patch("held-0", OBSERVED))
    assert answer.returncode != 0
    assert "may not report" in answer.stderr


def test_a_user_who_may_not_create_jobs_may_not_tune(jobs: Jobs) -> None:
    jobs.kubectl("create", "role", "tuner", "--verb=create,get", "--resource=tuningjobs")
    jobs.kubectl("create", "rolebinding", "tuner", "--role=tuner", "--user=mallory")
    manifest = json.dumps(tuning_job("sly", "print('score=$(params.x)')"))
    said = jobs.kubectl("create", "--as=mallory", "-f", "-", stdin=manifest, check=False)
    assert "may not create jobs" in said
    jobs.kubectl("create", "role", "jobber", "--verb=create", "--resource=jobs")
    jobs.kubectl("create", "rolebinding", "jobber", "--role=jobber", "--user=mallory")
    assert "created" in jobs.kubectl("create", "--as=mallory", "-f", "-", stdin=manifest)
