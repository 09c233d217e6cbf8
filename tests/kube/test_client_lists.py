"""Lists of the client: page by page, whole, and of one moment."""

from contextlib import aclosing

import msgspec
import pytest

from kubetune.kube.client import PAGE_SIZE, Client
from kubetune.kube.failures import ExpiredError
from kubetune.kube.objects import Job
from kubetune.kube.paths import JOBS
from tests.kube.fake_api_server import FakeApiServer
from tests.kube.jobs import JOBS_OF_A, decode_job, manifest


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
