"""Watches of the client: whole lines, and no silence."""

import asyncio
from contextlib import aclosing

import pytest

from kubetune.errors import UnavailableError
from kubetune.kube.client import Client
from kubetune.kube.failures import ExpiredError
from kubetune.kube.paths import JOBS
from tests.kube.fake_api_server import FakeApiServer


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
