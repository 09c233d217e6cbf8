"""What a trial's pod may do with its token, tried with the token."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kubetune.errors import ClusterError
from kubetune.kube.client import Client
from kubetune.kube.paths import JOBS, PODS, TRIALS, Resource
from tests.e2e.local_operator import kubeconfig_with_token
from tests.e2e.tuning_jobs import Jobs, tuning_job

pytestmark = pytest.mark.cluster

SLOW = "import time\nprint('score=1', flush=True)\ntime.sleep(600)"
OBSERVED: dict[str, Any] = {"status": {"observations": [{"step": 7, "metrics": {"score": 7}}]}}
SECRETS = Resource("", "v1", "secrets")


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who has nothing but a token."""

    jobs: Jobs
    token: str
    folder: Path

    async def try_to(self, method: str, path: str, body: Mapping[str, object] | None = None) -> str:
        """Send one request; return what the API server says against it, "" if nothing."""
        kubeconfig = kubeconfig_with_token(self.jobs.cluster, self.token, self.folder)
        async with await Client.connect(str(kubeconfig), self.jobs.cluster.context) as client:
            try:
                if method == "PATCH":
                    await client.merge_patch(path, body or {})
                else:
                    await client.request(method, path, body=body)
            except ClusterError as error:
                return error.message
        return ""


@pytest.fixture
def running(jobs: Jobs) -> Jobs:
    """Two trials of one job that run."""
    jobs.apply(tuning_job("held", SLOW))
    for name in ("held-0", "held-1"):
        jobs.wait_for_trial(name, "{.status.observations[0].step}=1")
    return jobs


@pytest.fixture
def collector(running: Jobs, tmp_path: Path) -> Holder:
    """The collector of trial held-0."""
    pod = running.kubectl(
        *("get", "pods", "-l", "kubetune.dev/trial=held-0"),
        *("-o", "jsonpath={.items[0].metadata.name}/{.items[0].metadata.uid}"),
    )
    name, uid = pod.split("/")
    bound = ("--bound-object-kind=Pod", f"--bound-object-name={name}", f"--bound-object-uid={uid}")
    token = running.kubectl("create", "token", "kubetune-trial", *bound).strip()
    return Holder(running, token, tmp_path)


async def test_a_collector_reports_for_its_own_trial(collector: Holder, running: Jobs) -> None:
    path = TRIALS.path(running.namespace, "held-0", "status")
    assert await collector.try_to("PATCH", path, OBSERVED) == ""
    assert running.trial("held-0")["status"]["observations"][-1]["step"] == 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    method: str
    resource: Resource
    name: str | None
    subresource: str | None = None
    body: dict[str, Any] | None = None
    want: str


ATTEMPTS = {
    "another's trial": Attempt(
        method="PATCH",
        resource=TRIALS,
        name="held-1",
        subresource="status",
        body=OBSERVED,
        want='may not report for trial "held-1"',
    ),
    "its trial's state": Attempt(
        method="PATCH",
        resource=TRIALS,
        name="held-0",
        subresource="status",
        body={"status": {"state": "Succeeded"}},
        want="status.observations and nothing else",
    ),
    "its trial's value beside observations": Attempt(
        method="PATCH",
        resource=TRIALS,
        name="held-0",
        subresource="status",
        body={"status": {**OBSERVED["status"], "value": 99}},
        want="status.observations and nothing else",
    ),
    "its trial's spec": Attempt(
        method="PATCH",
        resource=TRIALS,
        name="held-0",
        body={"spec": {"index": 5}},
        want="cannot patch",
    ),
    "a trial's deletion": Attempt(
        method="DELETE", resource=TRIALS, name="held-1", want="cannot delete"
    ),
    "a pod's annotations": Attempt(
        method="PATCH",
        resource=PODS,
        name="any",
        body={"metadata": {"annotations": {"kubetune.dev/metrics": "{}"}}},
        want="cannot patch",
    ),
    "a job of its own": Attempt(
        method="POST", resource=JOBS, name=None, body={"kind": "Job"}, want="cannot create"
    ),
    "secrets": Attempt(method="GET", resource=SECRETS, name=None, want="cannot list"),
    "pods": Attempt(method="GET", resource=PODS, name=None, want="cannot list"),
}


@pytest.mark.parametrize("case_id", ATTEMPTS)
async def test_a_collector_is_refused(case_id: str, collector: Holder, running: Jobs) -> None:
    attempt = ATTEMPTS[case_id]
    before = [(t["spec"], t["status"]["state"]) for t in running.trials("held")]
    path = attempt.resource.path(running.namespace, attempt.name, attempt.subresource)
    assert attempt.want in await collector.try_to(attempt.method, path, attempt.body)
    assert [(t["spec"], t["status"]["state"]) for t in running.trials("held")] == before


async def test_a_collector_cannot_reach_into_another_namespace(collector: Holder) -> None:
    path = TRIALS.path("default", "held-0", "status")
    assert "cannot patch" in await collector.try_to("PATCH", path, OBSERVED)


async def test_a_token_that_names_no_pod_is_refused(running: Jobs, tmp_path: Path) -> None:
    token = running.kubectl("create", "token", "kubetune-trial").strip()
    path = TRIALS.path(running.namespace, "held-0", "status")
    said = await Holder(running, token, tmp_path).try_to("PATCH", path, OBSERVED)
    assert "may not report" in said


async def test_a_token_is_worthless_when_its_pod_is_gone(collector: Holder, running: Jobs) -> None:
    running.patch("held", '{"spec":{"stop":true}}')
    running.kubectl("wait", "pod", "-l", "kubetune.dev/trial=held-0", "--for=delete")
    path = TRIALS.path(running.namespace, "held-0", "status")
    assert "Unauthorized" in await collector.try_to("PATCH", path, OBSERVED)


async def test_labels_sent_along_with_a_status_change_nothing(
    collector: Holder, running: Jobs
) -> None:
    before = running.trial("held-0")["metadata"]["labels"]
    path = TRIALS.path(running.namespace, "held-0", "status")
    await collector.try_to("PATCH", path, {"metadata": {"labels": {"a": "b"}}, **OBSERVED})
    assert running.trial("held-0")["metadata"]["labels"] == before


def grant(jobs: Jobs, user: str, verbs: str, resource: str) -> None:
    """Let a user do that in the jobs' namespace."""
    name = f"{user}-{resource}"
    jobs.kubectl("create", "role", name, f"--verb={verbs}", f"--resource={resource}")
    jobs.kubectl("create", "rolebinding", name, f"--role={name}", f"--user={user}")


def submit(jobs: Jobs, name: str, **spec: Any) -> str:
    """Create a TuningJob as mallory and return what the API server says."""
    manifest = json.dumps(tuning_job(name, "print('score=$(params.x)')", **spec))
    return jobs.kubectl("create", "--as=mallory", "-f", "-", stdin=manifest, check=False)


VOLUME = {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"]}}}


def test_a_user_has_nothing_made_that_they_may_not_make_themselves(jobs: Jobs) -> None:
    grant(jobs, "mallory", "create,get,patch", "tuningjobs")
    assert "may not create jobs" in submit(jobs, "sly")
    grant(jobs, "mallory", "create", "jobs")
    assert "created" in submit(jobs, "sly")
    said = submit(jobs, "slyer", bestParametersConfigMap="theirs")
    assert "may not create configmaps" in said
    grant(jobs, "mallory", "create", "configmaps")
    assert "created" in submit(jobs, "slyer", bestParametersConfigMap="theirs")
    volume = {**VOLUME, "path": "/checkpoints"}
    assert "may not create persistentvolumeclaims" in submit(jobs, "slyest", checkpoint=volume)


def test_a_user_who_may_not_create_jobs_may_not_change_what_a_tuning_job_creates(
    jobs: Jobs,
) -> None:
    jobs.apply(tuning_job("given", SLOW))
    grant(jobs, "mallory", "get,patch,update", "tuningjobs")

    def patch(body: dict[str, Any]) -> str:
        words = ("patch", "tuningjob", "given", "--type=merge", "--as=mallory", "--patch")
        return jobs.kubectl(*words, json.dumps(body), check=False)

    assert "may not create jobs" in patch({"spec": {"limits": {"maxTrials": 50}}})
    assert "may not create jobs" in patch({"spec": {"runId": "two"}})
    assert "patched" in patch({"metadata": {"labels": {"a": "b"}}})


CAN: dict[str, tuple[set[str], set[str]]] = {
    "view": (
        {"get tuningjobs", "list tuningjobs", "watch trials", "get trials"},
        {"create tuningjobs", "patch tuningjobs", "delete tuningjobs", "delete trials"},
    ),
    "edit": (
        {"get trials", "create tuningjobs", "patch tuningjobs", "delete tuningjobs"},
        {"create trials", "patch trials", "delete trials"},
    ),
    "admin": (
        {"create tuningjobs", "delete trials", "deletecollection trials", "watch tuningjobs"},
        {"create trials", "patch trials"},
    ),
}
NOBODY = {"patch tuningjobs/status", "patch trials/status", "update trials/status"}


@pytest.mark.parametrize("role", CAN)
def test_kubernetes_own_roles_include_what_belongs_to_them(role: str, jobs: Jobs) -> None:
    jobs.kubectl("create", "rolebinding", role, f"--clusterrole={role}", "--user=someone")

    def may(right: str) -> bool:
        verb, resource = right.split()
        resource, _, sub = resource.partition("/")
        words = ["auth", "can-i", verb, f"{resource}.kubetune.dev", "--as=someone"]
        if sub:
            words.append(f"--subresource={sub}")
        return jobs.kubectl(*words, check=False).splitlines()[-1].strip() == "yes"

    yes, no = CAN[role]
    assert {right for right in yes | no | NOBODY if may(right)} == yes
