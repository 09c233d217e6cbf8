import asyncio
from contextlib import aclosing

import msgspec
import pytest
from aiohttp import web

from kubetune.errors import (
    AlreadyExistsError,
    ClusterError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    UnavailableError,
)
from kubetune.kube.client import PAGE_SIZE, Client
from kubetune.kube.credentials import Access
from kubetune.kube.failures import ExpiredError
from kubetune.kube.objects import Job, Object
from kubetune.kube.paths import JOBS, PODS, TRIALS
from tests.kube.conftest import access_to
from tests.kube.fake_api_server import FakeApiServer, Json

JOBS_OF_A = JOBS.path("a")
decode_job = msgspec.json.Decoder(Job).decode


def manifest(name: str, **metadata: object) -> Json:
    return {"metadata": {"name": name, **metadata}}


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


async def test_a_list_of_several_pages_is_complete_and_carries_its_first_moment(
    client: Client, server: FakeApiServer
) -> None:
    want = {f"j{i:04}" for i in range(2 * PAGE_SIZE + 1)}
    for name in want:
        server.put(JOBS_OF_A, manifest(name))
    found, resource_version = await client.list_all(JOBS_OF_A, decode_job)
    assert {job.metadata.name for job in found} == want
    assert resource_version == str(server.revision)
    assert len(server.requests) == 3


async def test_a_list_selects_by_label(client: Client, server: FakeApiServer) -> None:
    server.put(JOBS_OF_A, manifest("ours", labels={"x/y": "z"}))
    server.put(JOBS_OF_A, manifest("theirs"))
    found, _ = await client.list_all(JOBS.path(), decode_job, label_selector="x/y=z")
    assert [job.metadata.name for job in found] == ["ours"]


async def test_pages_that_expire_in_the_middle_say_so(
    client: Client, server: FakeApiServer
) -> None:
    for name in ("a", "b", "c"):
        server.put(JOBS_OF_A, manifest(name))
    pages = client.list_pages(JOBS_OF_A, limit=1)
    async with aclosing(pages):
        await anext(pages)
        server.forget_history()
        with pytest.raises(ExpiredError):
            await anext(pages)


async def test_a_list_that_expires_in_the_middle_begins_again_without_what_has_gone(
    client: Client, server: FakeApiServer
) -> None:
    for i in range(PAGE_SIZE + 1):
        server.put(JOBS_OF_A, manifest(f"j{i:04}"))

    def decode(raw: msgspec.Raw) -> Job:
        if len(server.requests) == 1 and server.find(JOBS_OF_A, "j0000"):
            server.remove(JOBS_OF_A, "j0000")
            server.forget_history()
        return decode_job(raw)

    found, resource_version = await client.list_all(JOBS_OF_A, decode)
    names = [job.metadata.name for job in found]
    assert len(names) == len(set(names)) == PAGE_SIZE
    assert "j0000" not in names
    assert resource_version == str(server.revision)
    assert "limit" not in server.requests[-1][1]


async def test_a_refused_token_is_replaced_once(server: FakeApiServer, client: Client) -> None:
    server.put(JOBS_OF_A, manifest("j"))
    server.refuse(401, "Unauthorized")
    await client.get(JOBS.path("a", "j"))
    assert [each["Authorization"] for each in server.headers] == ["Bearer first", "Bearer second"]


async def test_requests_refused_together_load_credentials_once(server: FakeApiServer) -> None:
    loads = 0

    async def reload() -> Access:
        nonlocal loads
        loads += 1
        return access_to(server, "second")

    def old_token(request: web.Request) -> web.StreamResponse | None:
        refused = request.headers["Authorization"] == "Bearer first"
        return web.Response(status=401) if refused else None

    server.faults.append(old_token)
    server.put(JOBS_OF_A, manifest("j"))
    async with Client(access_to(server), reload=reload) as client:
        await asyncio.gather(*(client.get(JOBS.path("a", "j")) for _ in range(5)))
    assert loads == 1


async def test_a_token_that_stays_refused_is_forbidden(
    server: FakeApiServer, client: Client
) -> None:
    server.refuse(401, "Unauthorized", "who are you")
    server.refuse(401, "Unauthorized", "who are you")
    with pytest.raises(ForbiddenError, match="who are you"):
        await client.get(JOBS.path("a", "j"))


async def test_credentials_that_cannot_be_read_again_make_the_server_unavailable(
    server: FakeApiServer,
) -> None:
    async def reload() -> Access:
        raise ClusterError(0, "no usable Kubernetes configuration: gone")

    server.refuse(401, "Unauthorized")
    async with Client(access_to(server), reload=reload) as client:
        with pytest.raises(UnavailableError, match="gone"):
            await client.get(JOBS_OF_A)


async def test_a_closed_client_is_unavailable(client: Client) -> None:
    await client.list_all(JOBS_OF_A, decode_job)
    await client.close()
    with pytest.raises(UnavailableError, match="closed"):
        await client.get(JOBS_OF_A)


async def test_a_server_that_does_not_answer_in_time_is_unavailable(
    server: FakeApiServer, client: Client
) -> None:
    server.answering.clear()
    with pytest.raises(UnavailableError, match="no answer within") as failed:
        await client.request("GET", JOBS_OF_A, within=0.01)
    server.answering.set()
    assert failed.value.status == 0


async def test_a_server_that_cannot_be_reached_is_unavailable(
    server: FakeApiServer, client: Client
) -> None:
    await server.stop()
    with pytest.raises(UnavailableError) as failed:
        await client.get(JOBS_OF_A)
    assert failed.value.status == 0


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


async def test_a_watch_puts_lines_together_that_arrive_in_pieces(
    server: FakeApiServer, client: Client
) -> None:
    async with aclosing(client.watch(JOBS.path(), "100", timeout_seconds=7)) as lines:
        first = asyncio.ensure_future(anext(lines))
        watch = await server.opened.get()
        watch.send_raw(b'{"type":')
        await asyncio.sleep(0)
        watch.send_raw(b'"A"}\n{"type":"B"}\n\n{"ty')
        watch.send_raw(b'pe":"C"}\n{"type":"D"')
        watch.end()
        got = [await first] + [line async for line in lines]
    assert got == [b'{"type":"A"}', b'{"type":"B"}', b'{"type":"C"}']
    assert watch.query["timeoutSeconds"] == "7"
    assert watch.query["allowWatchBookmarks"] == "true"


async def test_a_watch_that_falls_silent_is_unavailable(
    server: FakeApiServer, client: Client
) -> None:
    async with aclosing(client.watch(JOBS.path(), "100", inactivity=0.05)) as lines:
        with pytest.raises(UnavailableError, match=r"no answer within 0\.05 s"):
            await anext(lines)
    assert server.opened.qsize() == 1


async def test_a_watch_from_a_forgotten_version_is_expired(
    server: FakeApiServer, client: Client
) -> None:
    server.refuse(410, "Gone", "too old")
    async with aclosing(client.watch(JOBS.path(), "1")) as lines:
        with pytest.raises(ExpiredError, match="too old"):
            await anext(lines)


async def test_closing_the_client_ends_an_open_watch(server: FakeApiServer, client: Client) -> None:
    async with aclosing(client.watch(JOBS.path(), "100")) as lines:
        waiting = asyncio.ensure_future(anext(lines))
        await server.opened.get()
        await client.close()
        with pytest.raises(UnavailableError):
            await waiting
