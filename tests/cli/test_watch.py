import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from aiohttp import web

from kubetune.cli.access import Target
from kubetune.cli.exits import CommandError, ExitCode
from kubetune.cli.views import LOST
from kubetune.cli.watch import WatchOptions, watch
from tests.cli.cli_builders import BEST, at, condition, job_body, stopped_body, trial_body
from tests.kube.fake_api_server import FakeApiServer
from tests.kube.refusals import status

JOBS = "/apis/kubetune.dev/v1alpha1/namespaces/team-a/tuningjobs"
TRIALS = "/apis/kubetune.dev/v1alpha1/namespaces/team-a/trials"
DIGITS = WatchOptions(name="digits")


class Paper(StringIO):
    """An output that can be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self._written = asyncio.Event()

    def flush(self) -> None:
        self._written.set()

    async def shows(self, text: str) -> None:
        async with asyncio.timeout(10):
            while text not in self.getvalue():
                self._written.clear()
                await self._written.wait()


def noon() -> datetime:
    return at(60)


@asynccontextmanager
async def watching(
    target: Target, out: Paper, options: WatchOptions = DIGITS
) -> AsyncIterator[asyncio.Task[ExitCode]]:
    task = asyncio.create_task(watch(target, options, out=out, now=noon))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def finished(phase: str, reason: str) -> dict[str, Any]:
    conditions = [
        condition("Accepted", reason),
        condition(phase, reason, "that is how it ended", seconds=60),
        condition("Finished", reason, seconds=60),
    ]
    used = {"stepsUsed": 3, "stepsSaved": 24}
    return job_body(phase=phase, conditions=conditions, best=BEST, ended=60, status=used)


async def test_a_job_is_watched_to_its_end(target: Target, server: FakeApiServer) -> None:
    server.put(JOBS, job_body())
    server.put(JOBS, job_body(name="another", uid="other"))
    out = Paper()
    async with watching(target, out) as task:
        await out.shows("accepted: Hyperband, 20 trials")
        server.put(TRIALS, trial_body(0, values={1: 0.5}))
        await out.shows("digits-0  running: learning_rate=0.001")
        server.put(TRIALS, stopped_body(0, step=3, value=0.41, threshold=0.87, ended=50))
        await out.shows("digits-0  stopped early at step 3: val_accuracy 0.4100 < 0.8700")
        server.put(JOBS, finished("Complete", "TargetReached"))
        code = await asyncio.wait_for(task, 10)
    assert code is ExitCode.OK
    text = out.getvalue()
    assert "digits is Complete: TargetReached: that is how it ended" in text
    assert "Saved       24 of 27 steps (89 %): 1 trial stopped early, 3 steps used" in text
    assert "another" not in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("body", "want", "words"),
    [
        pytest.param(finished("Complete", "X"), ExitCode.OK, "is Complete", id="complete"),
        pytest.param(finished("Failed", "X"), ExitCode.FAILED, "is Failed", id="failed"),
        pytest.param(
            job_body(
                phase="Pending",
                conditions=[condition("!Accepted", "Bad", "remedy"), condition("Stalled", "Bad")],
            ),
            ExitCode.FAILED,
            "digits was refused: Bad: remedy",
            id="refused",
        ),
    ],
)
async def test_a_job_that_has_ended_is_summed_up_at_once(
    target: Target, server: FakeApiServer, body: dict[str, Any], want: ExitCode, words: str
) -> None:
    server.put(JOBS, body)
    server.put(TRIALS, trial_body(0, "Succeeded", values={27: 0.9}, ended=40))
    out = Paper()
    assert await watch(target, DIGITS, out=out, now=noon) is want
    assert words in out.getvalue()


async def test_the_end_of_the_run_before_is_not_the_end_of_the_new_run(
    target: Target, server: FakeApiServer
) -> None:
    edited = finished("Complete", "TargetReached")
    edited["metadata"]["generation"] = 2
    server.put(JOBS, edited)
    out = Paper()
    async with watching(target, out) as task:
        await out.shows("complete: TargetReached")
        again = job_body(status={"observedGeneration": 2, "runId": "b"})
        again["metadata"]["generation"] = 2
        server.put(JOBS, again)
        server.put(TRIALS, trial_body(0, spec={"runId": "b"}))
        await out.shows("digits-0  running")
        assert not task.done()


async def test_a_job_that_is_deleted_ends_the_watch_with_not_found(
    target: Target, server: FakeApiServer
) -> None:
    server.put(JOBS, job_body())
    out = Paper()
    async with watching(target, out) as task:
        await out.shows("accepted")
        server.remove(JOBS, "digits")
        with pytest.raises(CommandError, match="deleted while being watched") as caught:
            await asyncio.wait_for(task, 10)
    assert caught.value.code is ExitCode.NOT_FOUND


async def test_a_job_deleted_and_made_again_ends_the_watch(
    target: Target, server: FakeApiServer
) -> None:
    server.put(JOBS, job_body())
    out = Paper()
    async with watching(target, out) as task:
        await out.shows("accepted")
        server.remove(JOBS, "digits")
        server.put(JOBS, job_body(uid="the next"))
        with pytest.raises(CommandError, match="deleted while being watched"):
            await asyncio.wait_for(task, 10)


async def test_a_lost_connection_is_told_and_the_watch_goes_on(
    target: Target, server: FakeApiServer
) -> None:
    server.put(JOBS, job_body())
    out = Paper()
    async with watching(target, out) as task:
        await out.shows("accepted")

        def away(_: web.Request) -> web.StreamResponse:
            return web.json_response(status(503, "ServiceUnavailable"), status=503)

        server.faults.append(away)
        while not server.opened.empty():
            server.opened.get_nowait().drop()
        await out.shows(LOST)
        server.put(JOBS, finished("Complete", "TargetReached"))
        server.faults.remove(away)
        await out.shows("connected again")
        assert await asyncio.wait_for(task, 10) is ExitCode.OK


async def test_a_missing_job_can_be_waited_for(target: Target, server: FakeApiServer) -> None:
    out = Paper()
    async with watching(target, out, WatchOptions(name="digits", wait=True)) as task:
        await out.shows("waiting for TuningJob 'digits' in namespace 'team-a'")
        server.put(JOBS, finished("Complete", "TargetReached"))
        assert await asyncio.wait_for(task, 10) is ExitCode.OK


async def test_a_missing_job_is_an_error_that_lists_those_that_there_are(
    target: Target, server: FakeApiServer
) -> None:
    server.put(JOBS, job_body(name="digits"))
    server.put(JOBS, job_body(name="mnist", uid="b"))
    with pytest.raises(CommandError) as caught:
        await watch(target, WatchOptions(name="digts"), out=Paper(), now=noon)
    assert caught.value.code is ExitCode.NOT_FOUND
    assert caught.value.message == (
        "there is no TuningJob 'digts' in namespace 'team-a'; did you mean 'digits'? "
        "there are: digits, mnist"
    )


async def test_no_time_left_ends_the_watch_with_its_own_code(
    target: Target, server: FakeApiServer
) -> None:
    server.put(JOBS, job_body())
    options = WatchOptions(name="digits", timeout=timedelta(seconds=0.2))
    with pytest.raises(CommandError, match="time was up") as caught:
        await watch(target, options, out=Paper(), now=noon)
    assert caught.value.code is ExitCode.TIMEOUT


async def test_a_job_that_no_operator_looks_at_says_so(
    target: Target, server: FakeApiServer
) -> None:
    body = job_body()
    body["status"] = {"observedGeneration": -1}
    server.put(JOBS, body)
    out = Paper()
    async with watching(target, out):
        await out.shows("no operator has looked at it yet")


async def test_trials_that_may_not_be_read_end_the_watch_before_it_begins(
    target: Target, server: FakeApiServer
) -> None:
    server.put(JOBS, job_body())

    def forbid(request: web.Request) -> web.StreamResponse | None:
        if not request.path.endswith("/trials"):
            return None
        return web.json_response(status(403, "Forbidden", "trials is forbidden"), status=403)

    server.faults.append(forbid)
    with pytest.raises(CommandError, match="refuses: trials is forbidden") as caught:
        await watch(target, DIGITS, out=Paper(), now=noon)
    assert caught.value.code is ExitCode.CLUSTER


async def test_an_idle_watch_asks_nothing(target: Target, server: FakeApiServer) -> None:
    server.put(JOBS, job_body())
    out = Paper()
    async with watching(target, out):
        await out.shows("accepted")
        for _ in range(2):
            await asyncio.wait_for(server.opened.get(), 10)
        before = len(server.requests)
        # That nothing comes has no event: longer than the live view's second between two frames.
        await asyncio.sleep(1.5)
        assert len(server.requests) == before
