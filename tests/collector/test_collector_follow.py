"""Following a container's log over streams that end, break and start late."""

import threading
from collections.abc import Callable

import pytest

from kubetune.collector.follow import SILENCES, STARTING, Follower
from kubetune.collector.lines import LineSplitter
from tests.collector.collector_server import (
    PATIENCE,
    ApiServer,
    Exchange,
    cut_stream,
    hang_up,
    refuse,
    stream,
)

PATH = "/api/v1/namespaces/ns/pods/t-1-abcde/log"


def stamped(number: int, text: str) -> bytes:
    return b"2026-01-02T03:04:%02d.000000000Z %s\n" % (number, text.encode())


A, B, C = stamped(1, "a"), stamped(2, "b"), stamped(3, "c")


class Reading:
    """A follower at work in a thread."""

    def __init__(self, server: ApiServer) -> None:
        self.said: list[str] = []
        self.pieces: list[bytes] = []
        self.pauses: list[float] = []
        self.stopping = threading.Event()
        follower = Follower(
            PATH,
            "train",
            connect=server.connect,
            token=lambda: "token",
            emit=self.pieces.append,
            log=self.said.append,
            pause=lambda _, seconds: self.pauses.append(seconds),
        )
        self.thread = threading.Thread(target=follower.run, args=(self.stopping,), daemon=True)
        self.thread.start()

    def lines(self) -> list[str]:
        """Wait for the end; return the lines."""
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        splitter = LineSplitter((), stamped=True)
        lines = [*splitter.feed(b"".join(self.pieces)), *splitter.close()]
        return [line.text.decode() for line in lines]


def sends_b_after(resume: threading.Event) -> Callable[[Exchange], None]:
    """Return a stream of one line now and another when told."""

    def play(exchange: Exchange) -> None:
        exchange.begin()
        exchange.send(A)
        resume.wait(PATIENCE)
        exchange.send(B)
        exchange.end()

    return play


def test_a_container_has_ended_when_its_stream_ends_twice_without_news(server: ApiServer) -> None:
    server.logs = [stream(A, B), stream(A, B)]
    assert Reading(server).lines() == ["a", "b"]
    first, second = server.received("GET")
    assert first.path == second.path == PATH
    assert first.query == {"container": "train", "follow": "true", "timestamps": "true"}
    assert second.query == first.query | {"sinceTime": "2026-01-02T03:04:01Z"}
    assert first.headers["Authorization"] == "Bearer token"
    assert first.headers["Accept-Encoding"] == "identity"


def test_a_container_that_printed_nothing_ends_too(server: ApiServer) -> None:
    server.logs = [stream()]
    assert Reading(server).lines() == []
    assert len(server.received("GET")) == 2


def test_a_stream_that_ends_well_although_the_container_runs_is_asked_for_again(
    server: ApiServer,
) -> None:
    server.logs = [stream(A), stream(A, B), stream(A, B, C), stream(A, B, C)]
    assert Reading(server).lines() == ["a", "b", "c"]


def test_a_container_that_has_not_started_is_waited_for(server: ApiServer) -> None:
    waiting = refuse(
        400, 'container "train" in pod "t-1-abcde" is waiting to start: PodInitializing'
    )
    server.logs = [waiting] * 8 + [stream(A)]
    reading = Reading(server)
    assert reading.lines() == ["a"]
    assert reading.said == []
    assert server.connections == 1
    assert [round(seconds, 2) for seconds in reading.pauses] == [
        0.9, 0.3, 0.39, 0.51, 0.66, 0.86, 1.11, 1.45,
    ]  # fmt: skip


@pytest.mark.parametrize("at", range(0, len(B), 5))
def test_a_stream_that_breaks_anywhere_in_a_line_is_resumed_there(
    server: ApiServer, at: int
) -> None:
    server.logs = [cut_stream(A + B[:at]), cut_stream(A, B, C[:at]), stream(A + B + C)]
    assert Reading(server).lines() == ["a", "b", "c"]


def test_a_stream_that_ends_well_within_a_line_is_resumed_there(server: ApiServer) -> None:
    server.logs = [stream(A + B[:-3]), stream(A + B + C)]
    assert Reading(server).lines() == ["a", "b", "c"]


def test_errors_and_silence_between_streams_lose_nothing(server: ApiServer) -> None:
    server.logs = [
        stream(A),
        refuse(500, "dial tcp: connection refused"),
        hang_up,
        hang_up,
        refuse(503, "apiserver is starting"),
        cut_stream(A, B),
        stream(B, C),
    ]
    reading = Reading(server)
    assert reading.lines() == ["a", "b", "c"]
    assert len(reading.said) == 4
    assert "dial tcp: connection refused" in reading.said[0]


def test_after_a_rotation_the_new_file_follows(server: ApiServer) -> None:
    server.logs = [cut_stream(A + stamped(2, "unfinished")[:-3]), stream(C)]
    assert Reading(server).lines() == ["a", "unfinish", "c"]


def test_the_words_of_a_failing_kubelet_are_not_training_output(server: ApiServer) -> None:
    words = b"unable to retrieve container logs for containerd://0123"
    server.logs = [stream(A, words), stream(words)]
    assert Reading(server).lines() == ["a"]


@pytest.mark.parametrize("status", [400, 404])
def test_a_container_that_never_started_is_not_waited_for_after_the_stop(
    server: ApiServer, status: int
) -> None:
    server.logs = [refuse(status, "is waiting to start")]
    reading = Reading(server)
    server.next("GET")
    reading.stopping.set()
    assert reading.lines() == []


def test_an_open_stream_is_read_to_its_end_after_the_stop(server: ApiServer) -> None:
    resume = threading.Event()

    server.logs = [sends_b_after(resume), stream(A, B)]
    reading = Reading(server)
    server.next("GET")
    reading.stopping.set()
    resume.set()
    assert reading.lines() == ["a", "b"]


def silent_after_a(exchange: Exchange) -> None:
    """Send one line, and then nothing until the follower goes away."""
    exchange.begin()
    exchange.send(A)
    exchange.rfile.read(1)


def test_a_silent_log_is_asked_for_anew_as_its_container_may_have_ended(server: ApiServer) -> None:
    server.logs = [silent_after_a, stream(A)]
    assert Reading(server).lines() == ["a"]
    first, second, third = server.received("GET")
    assert "sinceTime" not in first.query
    assert "sinceTime" in second.query
    assert "sinceTime" in third.query


def test_a_log_that_goes_on_after_a_silence_is_neither_cut_nor_repeated(server: ApiServer) -> None:
    server.logs = [silent_after_a, stream(A, B), stream(A, B, C), stream(A, B, C)]
    assert Reading(server).lines() == ["a", "b", "c"]


def test_a_long_silence_is_asked_about_twice(server: ApiServer) -> None:
    resume = threading.Event()

    server.logs = [silent_after_a, silent_after_a, sends_b_after(resume), stream(A, B)]
    reading = Reading(server)
    for _ in range(3):
        server.next("GET")
    # Longer than a silence: another asking would be seen by now.
    reading.thread.join(2 * SILENCES[-1])
    resume.set()
    assert reading.lines() == ["a", "b"]
    assert len(server.received("GET")) == 1, "the one that finds the end"


def test_a_program_that_exits_a_while_after_its_last_line_is_noticed(server: ApiServer) -> None:
    server.logs = [silent_after_a, silent_after_a, stream(A)]
    assert Reading(server).lines() == ["a"]


def test_answers_that_were_read_to_their_end_leave_the_connection_for_the_next_request(
    server: ApiServer,
) -> None:
    waiting = refuse(400, "is waiting to start")
    server.logs = [waiting, refuse(503, "busy"), waiting, stream(A), stream(A, B), stream(A, B)]
    assert Reading(server).lines() == ["a", "b"]
    assert server.connections == 1


def test_a_connection_that_was_closed_while_idle_is_replaced_at_once(server: ApiServer) -> None:
    server.logs = [refuse(400, "is waiting to start"), hang_up, stream(A), stream(A)]
    reading = Reading(server)
    assert reading.lines() == ["a"]
    assert reading.said == []
    assert reading.pauses == [STARTING]
    assert server.connections == 2


def test_a_silent_log_is_not_asked_for_over_the_connection_that_still_holds_it(
    server: ApiServer,
) -> None:
    server.logs = [silent_after_a, stream(A)]
    assert Reading(server).lines() == ["a"]
    assert server.connections == 2
