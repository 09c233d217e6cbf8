"""Single requests of the client: what is written, what is refused, and what is counted."""

from contextlib import aclosing

import msgspec
import pytest

from kubetune.errors import AlreadyExistsError, ConflictError, NotFoundError, UnavailableError
from kubetune.kube.client import Client
from kubetune.kube.credentials import Access
from kubetune.kube.objects import Object
from kubetune.kube.paths import JOBS, PODS, TRIALS
from tests.kube.conftest import access_to
from tests.kube.fake_api_server import FakeApiServer
from tests.kube.jobs import JOBS_OF_A, decode_job, manifest


async def test_a_created_object_can_be_read_and_patched(client: Client) -> None:
    created = decode_job(await client.create(JOBS_OF_A, manifest("j")))
    patched = decode_job(
        await client.merge_patch(JOBS.path("a", "j"), {"metadata": {"labels": {"x": "y"}}})
    )
    read = decode_job(await client.get(JOBS.path("a", "j")))
    assert created.metadata.uid == read.metadata.uid
    assert read == patched
    assert read.metadata.labels == {"x": "y"}


async def test_a_dry_run_stores_nothing(client: Client, server: FakeApiServer) -> None:
    await client.create(JOBS_OF_A, manifest("j"), dry_run=True)
    assert server.find(JOBS_OF_A, "j") is None


async def test_creating_a_taken_name_says_so_in_the_servers_words(client: Client) -> None:
    await client.create(JOBS_OF_A, manifest("j"))
    with pytest.raises(AlreadyExistsError) as failed:
        await client.create(JOBS_OF_A, manifest("j"))
    assert failed.value.message == 'apis/batch/v1/jobs "j" already exists'


async def test_a_patch_of_an_old_version_is_a_conflict(
    client: Client, server: FakeApiServer
) -> None:
    old = server.put(JOBS_OF_A, manifest("j"))["metadata"]["resourceVersion"]
    server.put(JOBS_OF_A, manifest("j"))
    with pytest.raises(ConflictError):
        await client.merge_patch(JOBS.path("a", "j"), {"metadata": {"resourceVersion": old}})


async def test_a_delete_with_anothers_uid_deletes_nothing(
    client: Client, server: FakeApiServer
) -> None:
    server.put(JOBS_OF_A, manifest("j", uid="mine"))
    with pytest.raises(ConflictError):
        await client.delete(JOBS.path("a", "j"), uid="another")
    assert server.find(JOBS_OF_A, "j") is not None


async def test_a_delete_tells_whether_the_object_went_at_once(
    client: Client, server: FakeApiServer
) -> None:
    server.put(JOBS_OF_A, manifest("plain", uid="u"))
    server.put(JOBS_OF_A, manifest("held", finalizers=["x/y"]))
    assert await client.delete(JOBS.path("a", "plain"), uid="u", grace_seconds=0) is True
    assert await client.delete(JOBS.path("a", "held")) is False
    with pytest.raises(NotFoundError):
        await client.delete(JOBS.path("a", "plain"))


async def test_every_request_is_counted_by_verb_resource_and_code(server: FakeApiServer) -> None:
    counted: list[tuple[str, str, int]] = []

    async def reload() -> Access:
        return access_to(server)

    def count(verb: str, resource: str, code: int, seconds: float) -> None:
        assert seconds >= 0
        counted.append((verb, resource, code))

    async with Client(access_to(server), reload=reload, on_request=count) as client:
        await client.create(TRIALS.path("a"), manifest("t"))
        await client.merge_patch(TRIALS.path("a", "t", "status"), {"status": {}})
        await client.list_all(TRIALS.path(), msgspec.json.Decoder(Object).decode)
        with pytest.raises(NotFoundError):
            await client.get(PODS.path("a", "p", "log"))
        async with aclosing(client.watch(TRIALS.path(), "0")) as lines:
            await anext(lines)
        await client.delete(TRIALS.path("a", "t"))
        await server.stop()
        with pytest.raises(UnavailableError):
            await client.get(TRIALS.path("a", "t"))
    assert counted == [
        ("create", "trials", 201),
        ("patch", "trials/status", 200),
        ("list", "trials", 200),
        ("get", "pods/log", 404),
        ("watch", "trials", 200),
        ("delete", "trials", 200),
        ("get", "trials", 0),
    ]
