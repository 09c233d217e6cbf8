"""What only a real API server can confirm: that it takes what we send and says what we expect."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec
import pytest

from kubetune.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidError,
    NotFoundError,
)
from kubetune.kube.client import Client
from kubetune.kube.events import ObjectReference, Recorder
from kubetune.kube.lease import Elector, Lease
from kubetune.kube.objects import Job, Pod
from kubetune.kube.paths import EVENTS, JOBS, LEASES, NAMESPACES, PODS, SERVICE_ACCOUNTS, TRIALS
from kubetune.kube.reflector import Reflector

pytestmark = pytest.mark.apiserver

LABEL = "kubetune.dev/test"


class Cluster(Protocol):
    """The session's cluster, as tests/conftest.py brings it up."""

    kubeconfig: str
    context: str


@pytest.fixture
async def client(cluster: Cluster) -> AsyncIterator[Client]:
    async with await Client.connect(cluster.kubeconfig, cluster.context) as client:
        yield client


@pytest.fixture
async def namespace(client: Client) -> AsyncIterator[str]:
    name = f"kubetune-test-{uuid.uuid4().hex[:8]}"
    await client.create(NAMESPACES.path(), {"metadata": {"name": name}})
    yield name
    await client.delete(NAMESPACES.path(name=name))


def suspended_job(name: str) -> dict[str, Any]:
    """A Job that never starts a pod, so that no node is needed."""
    container = {"name": "train", "image": "none.invalid/none:0"}
    pod = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": {LABEL: "x"}},
        "spec": {"suspend": True, "backoffLimit": 0, "template": pod},
    }


def read_job(body: bytes) -> Job:
    return msgspec.json.decode(body, type=Job)


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  # here the rim is the test itself


async def test_a_job_is_created_once_and_deleted_by_uid(client: Client, namespace: str) -> None:
    path = JOBS.path(namespace, "j")
    created = read_job(await client.create(JOBS.path(namespace), suspended_job("j")))
    assert created.spec.suspend
    assert created.metadata.creation_timestamp is not None
    with pytest.raises(AlreadyExistsError, match=r'jobs\.batch "j" already exists'):
        await client.create(JOBS.path(namespace), suspended_job("j"))
    with pytest.raises(ConflictError, match="UID"):
        await client.delete(path, uid=str(uuid.uuid4()))
    assert await client.delete(path, uid=created.metadata.uid) is True
    with pytest.raises(NotFoundError):
        await client.get(path)


async def test_a_patch_moves_the_version_on_and_refuses_an_old_one(
    client: Client, namespace: str
) -> None:
    body = await client.create(LEASES.path(namespace), {"metadata": {"name": "l"}})
    before = msgspec.json.decode(body, type=Lease).metadata
    patch = {
        "metadata": {
            "resourceVersion": before.resource_version,
            "annotations": {"kubetune.dev/x": "1"},
        }
    }
    body = await client.merge_patch(LEASES.path(namespace, "l"), patch)
    after = msgspec.json.decode(body, type=Lease).metadata
    assert after.annotations == {"kubetune.dev/x": "1"}
    assert after.revision > before.revision
    with pytest.raises(ConflictError, match="the object has been modified"):
        await client.merge_patch(LEASES.path(namespace, "l"), patch)


async def test_a_dry_run_says_what_is_wrong_and_stores_nothing(
    client: Client, namespace: str
) -> None:
    await client.create(JOBS.path(namespace), suspended_job("j"), dry_run=True)
    with pytest.raises(NotFoundError):
        await client.get(JOBS.path(namespace, "j"))
    wrong = suspended_job("j")
    wrong["spec"]["template"]["spec"]["restartPolicy"] = "Always"
    with pytest.raises(InvalidError, match=r"spec\.template\.spec\.restartPolicy"):
        await client.create(JOBS.path(namespace), wrong, dry_run=True)


async def test_an_object_with_a_finalizer_lingers(client: Client, namespace: str) -> None:
    held = suspended_job("held")
    held["metadata"]["finalizers"] = ["kubetune.dev/test"]
    await client.create(JOBS.path(namespace), held)
    path = JOBS.path(namespace, "held")
    assert await client.delete(path) is False
    assert read_job(await client.get(path)).metadata.deletion_timestamp is not None
    await client.merge_patch(path, {"metadata": {"finalizers": None}})


async def test_a_list_in_pages_is_complete(client: Client, namespace: str) -> None:
    want = {f"j{i}" for i in range(5)}
    for name in want:
        await client.create(JOBS.path(namespace), suspended_job(name))
    pages = [page async for page in client.list_pages(JOBS.path(namespace), limit=2)]
    got = [read_job(bytes(item)).metadata.name for page in pages for item in page.items or ()]
    assert len(pages) == 3
    assert sorted(got) == sorted(want)
    assert len({page.metadata.resource_version for page in pages}) == 1


async def test_a_reflector_sees_creation_change_and_deletion(
    client: Client, namespace: str
) -> None:
    changes: asyncio.Queue[tuple[Job | None, Job | None]] = asyncio.Queue()
    reflector = Reflector(
        client,
        JOBS.path(namespace),
        Job,
        on_change=lambda old, new: changes.put_nowait((old, new)),
        jitter=lambda: 0.0,
        index=lambda job: job.metadata.labels[LABEL],
        label_selector=f"{LABEL}=x",
    )
    running = asyncio.create_task(reflector.run())
    async with asyncio.timeout(30):
        await reflector.synced.wait()
        created = read_job(await client.create(JOBS.path(namespace), suspended_job("j")))
        reflector.store.remember(created)
        assert reflector.store.by_index("x") == [created]
        assert await changes.get() == (None, created)
        await client.merge_patch(
            JOBS.path(namespace, "j"), {"metadata": {"annotations": {"kubetune.dev/x": "1"}}}
        )
        new: Job | None = created
        while new is not None and "kubetune.dev/x" not in new.metadata.annotations:
            _, new = await changes.get()
        await client.delete(JOBS.path(namespace, "j"), uid=created.metadata.uid)
        while new is not None:
            _, new = await changes.get()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert len(reflector.store) == 0


async def test_a_lease_is_taken_kept_and_released(client: Client, namespace: str) -> None:
    elector = Elector(client, namespace=namespace, name="kubetune", identity="me", now=now)
    path = LEASES.path(namespace, "kubetune")
    versions: list[int] = []

    async def lead() -> None:
        while len(set(versions)) < 2:
            lease = msgspec.json.decode(await client.get(path), type=Lease)
            assert lease.spec.holder_identity == "me"
            versions.append(lease.metadata.revision)
            await asyncio.sleep(0.2)

    async with asyncio.timeout(30):
        await elector.run(lead)
    released = msgspec.json.decode(await client.get(path), type=Lease)
    assert released.spec.holder_identity is None


async def test_an_event_and_its_series_are_accepted(client: Client, namespace: str) -> None:
    job = read_job(await client.create(JOBS.path(namespace), suspended_job("j")))
    seconds = [0.0]
    recorder = Recorder(client, instance="test", now=now, monotonic=lambda: seconds[0])
    writing = asyncio.create_task(recorder.run())
    about = ObjectReference.to("batch/v1", "Job", job.metadata)
    for seconds[0] in (0.0, 100.0):
        recorder.record(about, action="StopTrial", reason="BelowMedian", note="x" * 2000)
        await recorder.flush()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    body = msgspec.json.decode(await client.get(EVENTS.path(namespace)))
    (event,) = [each for each in body["items"] if each["reason"] == "BelowMedian"]
    assert recorder.dropped == 0
    assert event["series"]["count"] == 2
    assert event["regarding"]["uid"] == job.metadata.uid
    assert event["reportingController"] == "kubetune.dev/operator"


async def test_a_pod_is_read_and_the_log_of_none_is_not_found(
    client: Client, namespace: str
) -> None:
    await client.create(SERVICE_ACCOUNTS.path(namespace), {"metadata": {"name": "trainer"}})
    manifest = {
        "metadata": {"name": "p"},
        "spec": {
            "serviceAccountName": "trainer",
            "schedulerName": "nobody",
            "containers": [{"name": "train", "image": "none.invalid/none:0"}],
        },
    }
    pod = msgspec.json.decode(await client.create(PODS.path(namespace), manifest), type=Pod)
    assert [each.name for each in pod.spec.containers] == ["train"]
    assert pod.status.phase == "Pending"
    assert pod.spec.node_name == ""
    with pytest.raises(NotFoundError, match='pods "nobody" not found'):
        await client.request("GET", PODS.path(namespace, "nobody", "log"), query={"tailLines": 5})


async def test_a_kind_that_is_not_installed_is_not_found(client: Client) -> None:
    with pytest.raises(NotFoundError):
        await client.get(TRIALS.path().replace("v1alpha1", "v0"))
