import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from kubetune.kube.client import Client
from kubetune.kube.events import BURST, LONGEST_NOTE, REFILL_SECONDS, ObjectReference, Recorder
from kubetune.kube.objects import Metadata
from kubetune.kube.paths import EVENTS
from tests.kube.clocks import Clock
from tests.kube.fake_api_server import FakeApiServer
from tests.kube.places import parse
from tests.kube.refusals import Json

TRIAL = ObjectReference.to(
    "kubetune.dev/v1alpha1", "Trial", Metadata(name="digits-3", namespace="ns", uid="u3")
)


def recorder(client: Client, clock: Clock) -> Recorder:
    return Recorder(
        client, instance="kubetune-0", now=clock.now, monotonic=clock.monotonic, sleep=clock.sleep
    )


@asynccontextmanager
async def writing(recorder: Recorder) -> AsyncIterator[None]:
    """Runs the recorder in the background; all is written when the block ends."""
    task = asyncio.create_task(recorder.run())
    yield
    await recorder.flush()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def say(recorder: Recorder, note: str = "below the median", about: ObjectReference = TRIAL) -> None:
    recorder.record(about, action="StopTrial", reason="BelowMedian", note=note)


def events(server: FakeApiServer) -> list[Json]:
    place = parse(EVENTS.path("ns"))
    return [obj for at, obj in server._objects.items() if at.resource == place.resource]


async def test_an_event_says_what_was_done_to_which_object_and_why(
    client: Client, server: FakeApiServer
) -> None:
    clock = Clock()
    subject = recorder(client, clock)
    async with writing(subject):
        subject.record(
            TRIAL, action="StopTrial", reason="BelowMedian", note="0.1 < 0.5", severity="Warning"
        )
    (got,) = events(server)
    metadata = got.pop("metadata")
    assert got == {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "regarding": {
            "apiVersion": "kubetune.dev/v1alpha1",
            "kind": "Trial",
            "namespace": "ns",
            "name": "digits-3",
            "uid": "u3",
        },
        "action": "StopTrial",
        "reason": "BelowMedian",
        "note": "0.1 < 0.5",
        "type": "Warning",
        "eventTime": "2026-01-01T00:16:40.000000Z",
        "reportingController": "kubetune.dev/operator",
        "reportingInstance": "kubetune-0",
    }
    assert metadata["namespace"] == "ns"
    assert metadata["name"].startswith("digits-3.")


async def test_the_same_again_at_once_is_counted_but_not_written(
    client: Client, server: FakeApiServer
) -> None:
    subject = recorder(client, Clock())
    async with writing(subject):
        for _ in range(10):
            say(subject)
    assert len(events(server)) == 1
    assert len(server.requests) == 1
    assert subject.dropped == 0


async def test_the_same_again_later_becomes_a_series(client: Client, server: FakeApiServer) -> None:
    clock = Clock()
    subject = recorder(client, clock)
    async with writing(subject):
        say(subject)
        say(subject)
        await subject.flush()
        clock.seconds += 60
        say(subject)
    (got,) = events(server)
    assert got["series"] == {"count": 3, "lastObservedTime": "2026-01-01T00:17:40.000000Z"}


async def test_a_series_whose_event_the_server_has_let_go_begins_anew(
    client: Client, server: FakeApiServer
) -> None:
    clock = Clock()
    subject = recorder(client, clock)
    async with writing(subject):
        say(subject)
        await subject.flush()
        server.remove(EVENTS.path("ns"), events(server)[0]["metadata"]["name"])
        clock.seconds += 3600
        say(subject)
    assert len(events(server)) == 1


async def test_a_restarted_operator_does_not_repeat_itself(
    client: Client, server: FakeApiServer
) -> None:
    for _ in range(2):
        subject = recorder(client, Clock())
        async with writing(subject):
            say(subject)
    assert len(events(server)) == 1
    assert subject.dropped == 0


async def test_a_flood_about_one_object_is_cut_and_leaves_the_others_alone(
    client: Client, server: FakeApiServer
) -> None:
    clock = Clock()
    subject = recorder(client, clock)
    other = TRIAL._replace(name="digits-4", uid="u4")
    async with writing(subject):
        for i in range(BURST + 5):
            say(subject, f"note {i}")
        say(subject, about=other)
        assert subject.dropped == 5
        clock.seconds += REFILL_SECONDS
        say(subject, f"note {BURST + 2}")  # dropped before, so nobody has read it yet
        say(subject, f"note {BURST + 3}")
    assert len(events(server)) == BURST + 2
    assert subject.dropped == 6


async def test_a_full_queue_drops_and_does_not_wait(client: Client) -> None:
    subject = recorder(client, Clock())
    for i in range(1001):
        say(subject, about=TRIAL._replace(uid=f"u{i}"))
    assert subject.dropped == 1


async def test_what_is_remembered_stays_bounded(client: Client, server: FakeApiServer) -> None:
    subject = recorder(client, Clock())
    for i in range(5000):
        say(subject, about=TRIAL._replace(uid=f"u{i}"))
    assert len(subject._events) == 4096
    assert len(subject._buckets) <= 4096
    assert server.requests == []


async def test_a_server_in_trouble_is_tried_again(client: Client, server: FakeApiServer) -> None:
    clock = Clock()
    subject = recorder(client, clock)
    for _ in range(3):
        server.refuse(500, message="not now")
    async with writing(subject):
        say(subject)
    assert len(events(server)) == 1
    assert clock.naps == [1, 2, 4]


@pytest.mark.parametrize(
    ("code", "times"), [(500, 4), (403, 1), (422, 1)], ids=["trouble", "forbidden", "invalid"]
)
async def test_an_event_that_cannot_be_written_is_dropped_and_the_next_is_written(
    client: Client, server: FakeApiServer, code: int, times: int
) -> None:
    subject = recorder(client, Clock())
    for _ in range(times):
        server.refuse(code, message="no")
    async with writing(subject):
        say(subject, "first")
        say(subject, "second")
    assert [each["note"] for each in events(server)] == ["second"]
    assert subject.dropped == 1


@pytest.mark.parametrize(
    ("note", "want"),
    [
        ("x" * LONGEST_NOTE, "x" * LONGEST_NOTE),
        ("x" * 2000, "x" * 1021 + "…"),
        ("é" * 600, "é" * 510 + "…"),
        ("\udcff", "?"),
    ],
    ids=["fits", "ascii", "a character is never cut in two", "not encodable"],
)
async def test_a_note_is_cut_to_what_the_server_takes(
    client: Client, server: FakeApiServer, note: str, want: str
) -> None:
    subject = recorder(client, Clock())
    async with writing(subject):
        say(subject, note)
    assert want == events(server)[0]["note"]
    assert len(want.encode()) <= LONGEST_NOTE


async def test_the_name_of_an_event_about_a_long_name_is_still_a_name(
    client: Client, server: FakeApiServer
) -> None:
    subject = recorder(client, Clock())
    async with writing(subject):
        say(subject, about=TRIAL._replace(name="x" * 253))
    assert len(events(server)[0]["metadata"]["name"]) == 253


async def test_an_event_about_a_cluster_wide_object_is_kept_in_the_default_namespace(
    client: Client, server: FakeApiServer
) -> None:
    subject = recorder(client, Clock())
    async with writing(subject):
        say(subject, about=TRIAL._replace(namespace=""))
    assert events(server)[0]["metadata"]["namespace"] == "default"


async def test_a_flush_gives_up_after_its_time(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    subject = recorder(client, Clock())
    say(subject)
    await subject.flush(within=0.01)
    assert "events left unwritten" in caplog.text
