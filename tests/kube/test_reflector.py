import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest

from kubetune.kube.client import PAGE_SIZE, Client
from kubetune.kube.objects import Job, ObjectKey
from kubetune.kube.paths import JOBS
from kubetune.kube.reflector import LONGEST_DELAY, Reflector
from tests.kube.clocks import Clock
from tests.kube.fake_api_server import FakeApiServer
from tests.kube.fake_watch import Watch
from tests.kube.refusals import Json

JOBS_OF_A = JOBS.path("a")


def manifest(name: str, *, active: int = 0, **metadata: object) -> Json:
    return {"metadata": {"name": name, **metadata}, "status": {"active": active}}


class Running:
    """A reflector under way against the fake server."""

    def __init__(self, client: Client, server: FakeApiServer) -> None:
        self.clock = Clock()
        self.server = server
        self.changes: asyncio.Queue[tuple[Job | None, Job | None]] = asyncio.Queue()
        self.reflector = Reflector(
            client,
            JOBS.path(),
            Job,
            on_change=lambda old, new: self.changes.put_nowait((old, new)),
            jitter=lambda: 0.5,
            label_selector=None,
            monotonic=self.clock.monotonic,
            sleep=self.clock.sleep,
        )
        self.task = asyncio.create_task(self.reflector.run())

    async def watch(self) -> Watch:
        """The next watch that it opens."""
        async with asyncio.timeout(5):
            return await self.server.opened.get()

    async def change(self) -> tuple[str | None, str | None]:
        """The next change it tells, as versions."""
        async with asyncio.timeout(5):
            old, new = await self.changes.get()
        return version(old), version(new)

    def lists(self) -> int:
        return sum("watch=" not in path for _, path in self.server.requests)


def version(job: Job | None) -> str | None:
    return None if job is None else job.metadata.resource_version


@pytest.fixture
async def running(client: Client, server: FakeApiServer) -> AsyncIterator[Running]:
    running = Running(client, server)
    yield running
    running.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running.task


async def test_it_is_synced_when_the_first_list_is_in_and_watches_from_there(
    server: FakeApiServer, running: Running
) -> None:
    server.put(JOBS_OF_A, manifest("j"))
    watch = await running.watch()
    assert running.reflector.synced.is_set()
    assert list(running.reflector.store) == [ObjectKey("a", "j")]
    assert watch.resource_version == str(server.revision)
    assert watch.query["timeoutSeconds"] == "450"


async def test_what_happens_after_the_list_is_told(server: FakeApiServer, running: Running) -> None:
    await running.watch()
    added = server.put(JOBS_OF_A, manifest("j"))
    changed = server.put(JOBS_OF_A, manifest("j", active=1, uid=added["metadata"]["uid"]))
    server.remove(JOBS_OF_A, "j")
    first, second = (each["metadata"]["resourceVersion"] for each in (added, changed))
    assert await running.change() == (None, first)
    assert await running.change() == (first, second)
    assert await running.change() == (second, None)


async def test_a_list_of_many_pages_is_taken_in_whole(
    server: FakeApiServer, running: Running
) -> None:
    for i in range(PAGE_SIZE + 1):
        server.put(JOBS_OF_A, manifest(f"j{i}"))
    await running.watch()
    assert len(running.reflector.store) == PAGE_SIZE + 1


async def test_a_watch_that_ends_in_good_order_goes_on_from_the_last_event(
    server: FakeApiServer, running: Running
) -> None:
    watch = await running.watch()
    server.put(JOBS_OF_A, manifest("j"))
    await running.change()
    watch.end()
    assert (await running.watch()).resource_version == str(server.revision)
    assert running.lists() == 1
    assert running.clock.naps == []


async def test_a_bookmark_moves_on_where_the_next_watch_begins(running: Running) -> None:
    watch = await running.watch()
    watch.bookmark(170)
    watch.end()
    assert (await running.watch()).resource_version == "170"


async def test_a_dropped_connection_is_opened_again_and_misses_nothing(
    server: FakeApiServer, running: Running
) -> None:
    watch = await running.watch()
    server.put(JOBS_OF_A, manifest("j"))
    _, before = await running.change()
    watch.drop()
    server.remove(JOBS_OF_A, "j")
    assert await running.change() == (before, None)
    assert running.lists() == 1


@pytest.mark.parametrize("way", ["line", "status"])
async def test_a_forgotten_version_is_listed_again_and_tells_what_went_in_the_gap(
    server: FakeApiServer, running: Running, way: str
) -> None:
    server.put(JOBS_OF_A, manifest("gone"))
    server.put(JOBS_OF_A, manifest("again"))
    watch = await running.watch()
    before = {(await running.change())[1], (await running.change())[1]}
    server.refuse(503)  # so that the gap lasts until the history is forgotten
    watch.bookmark(server.revision)
    watch.drop()
    server.remove(JOBS_OF_A, "gone")
    server.remove(JOBS_OF_A, "again")
    recreated = server.put(JOBS_OF_A, manifest("again"))["metadata"]["resourceVersion"]
    server.forget_history()
    if way == "status":
        server.refuse(410, "Expired")
    told = [await running.change() for _ in range(3)]
    assert {old for old, new in told if new is None} == before
    assert (None, recreated) in told
    assert running.lists() == 2


async def test_attempts_that_fail_wait_longer_each_time_and_never_end(
    server: FakeApiServer, running: Running
) -> None:
    for _ in range(12):
        server.refuse(500, message="not now")
    await running.watch()
    naps = running.clock.naps
    assert naps[:3] == [pytest.approx(0.15), pytest.approx(0.3), pytest.approx(0.6)]
    assert max(naps) == pytest.approx(LONGEST_DELAY * 0.75)
    assert len(naps) == 12
    assert running.reflector.synced.is_set()


async def test_a_watch_that_ends_at_once_without_a_word_is_not_opened_in_a_tight_loop(
    running: Running,
) -> None:
    for _ in range(3):
        (await running.watch()).end()
    await running.watch()
    assert running.clock.naps == [pytest.approx(0.15), pytest.approx(0.3), pytest.approx(0.6)]


async def test_a_server_restored_from_a_backup_is_noticed_by_its_silence_and_believed(
    server: FakeApiServer, running: Running
) -> None:
    server.put(JOBS_OF_A, manifest("lost"))
    watch = await running.watch()
    _, lost = await running.change()
    server.restore(revision=50)
    restored = server.put(JOBS_OF_A, manifest("restored"))["metadata"]["resourceVersion"]
    running.clock.seconds += 300
    watch.end()
    assert await running.change() == (lost, None)
    assert await running.change() == (None, restored)
    assert running.clock.naps == []


async def test_a_watch_that_falls_silent_is_opened_again(
    client: Client, server: FakeApiServer
) -> None:
    clock = Clock()
    reflector = Reflector(
        client,
        JOBS.path(),
        Job,
        on_change=lambda *_: None,
        jitter=lambda: 0.0,
        sleep=clock.sleep,
        inactivity=0.05,
    )
    task = asyncio.create_task(reflector.run())
    first, second = await server.opened.get(), await server.opened.get()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert first.resource_version == second.resource_version


async def test_an_object_that_cannot_be_read_hides_no_other_and_keeps_its_last_version(
    server: FakeApiServer, running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    server.put(JOBS_OF_A, manifest("j", active=1))
    watch = await running.watch()
    await running.change()
    server.put(JOBS_OF_A, {"metadata": {"name": "j", "uid": "u"}, "status": {"active": "many"}})
    server.put(JOBS_OF_A, manifest("k"))
    assert (await running.change())[0] is None
    server.forget_history()
    watch.expire()
    await running.watch()
    store = running.reflector.store
    assert store[ObjectKey("a", "j")].status.active == 1
    assert len(store) == 2
    assert "unreadable object" in caplog.text


async def test_what_cannot_be_read_and_was_never_known_is_left_out(
    server: FakeApiServer, running: Running
) -> None:
    server.put(JOBS_OF_A, {"metadata": {"name": "listed"}, "status": {"active": "many"}})
    await running.watch()
    server.put(JOBS_OF_A, {"metadata": {"name": "watched"}, "status": {"active": "many"}})
    server.put(JOBS_OF_A, manifest("j"))
    await running.change()
    assert [key.name for key in running.reflector.store] == ["j"]


async def test_a_kind_of_event_that_is_not_known_is_passed_over(
    server: FakeApiServer, running: Running
) -> None:
    watch = await running.watch()
    watch.send("SOMETHING", manifest("j"))
    server.put(JOBS_OF_A, manifest("j"))
    assert (await running.change())[0] is None
    assert running.lists() == 1


async def test_a_line_that_is_not_json_is_survived(running: Running, server: FakeApiServer) -> None:
    watch = await running.watch()
    watch.send_raw(b"<html>\n")
    server.put(JOBS_OF_A, manifest("j"))
    assert (await running.change())[0] is None
    assert running.lists() == 2


async def test_it_sees_what_the_controller_wrote_before_the_watch_tells(
    client: Client, running: Running
) -> None:
    watch = await running.watch()
    watch.deaf = True  # it lags behind
    body = await client.create(JOBS_OF_A, manifest("j"))
    created = msgspec.json.decode(body, type=Job)
    running.reflector.store.remember(created)
    assert running.reflector.store[created.metadata.key] == created
    watch.deaf = False
    await client.delete(JOBS.path("a", "j"))
    assert await running.change() == (None, version(created))
    assert await running.change() == (version(created), None)
