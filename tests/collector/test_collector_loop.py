"""When the collector ends, in virtual time: the inbox moves the clock instead of waiting."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from kubetune.collector.collect import Collection
from kubetune.collector.loop import DRAIN, FLUSH_AFTER_END, FLUSH_AFTER_STOP, Inbox, Loop
from kubetune.collector.parse import finder
from kubetune.collector.report import INTERVAL, Reporter
from kubetune.collector.settings import Settings

SETTINGS = Settings(
    namespace="ns",
    trial="t-1",
    pod="",
    source="File",
    container="",
    path="/metrics",
    objective="acc",
    maximize=True,
    metrics=("acc",),
    patterns=(),
    rungs=(),
    termination_log="",
)
Event = tuple[float, bytes, bytes]


class Desk(Reporter):
    """A reporter whose server accepts everything from a certain time on."""

    def __init__(self, clock: Callable[[], float], accepts_from: float) -> None:
        def away() -> Any:
            raise ConnectionRefusedError("away")

        super().__init__("/", connect=away, token=str, log=lambda _: None, monotonic=clock)
        self._clock = clock
        self._accepts_from = accepts_from
        self.attempts: list[float] = []
        self.sent: list[tuple[float, list[int]]] = []

    def publish(self, observations: list[dict[str, Any]]) -> None:
        self.attempts.append(self._clock())
        if self._clock() < self._accepts_from:
            super().publish(observations)
            return
        self._unpublished = self._urgent = False
        self._next_regular = self._clock() + INTERVAL
        self.sent.append((self._clock(), [entry["step"] for entry in observations]))


class World(Inbox):
    """An inbox with a script: (seconds, what, piece), in order of time."""

    def __init__(self, *script: Event, accepts_from: float = 0.0) -> None:
        super().__init__()
        self.now = 0.0
        self.is_whole = False
        self.stopping = threading.Event()
        self.desk = Desk(lambda: self.now, accepts_from)
        self.collection = Collection(
            SETTINGS,
            find=finder(SETTINGS.metrics, ()),
            now=lambda: datetime(2026, 1, 2, tzinfo=UTC),
            on_report=lambda urgent: self.desk.note(urgent=urgent),
        )
        self._script = list(script)

    def get(self, timeout: float | None) -> tuple[bytes, bytes] | None:
        until = None if timeout is None else self.now + timeout
        if self._script and (until is None or self._script[0][0] <= until):
            at, what, piece = self._script.pop(0)
            self.now = max(self.now, at)
            return what, piece
        assert until is not None, "the loop waits for ever"
        self.now = until
        return None

    def run(self) -> float:
        """Run the loop; return when it ended."""
        loop = Loop(self, self.collection, self.desk, self.stopping, lambda: self.now)
        loop.run()
        self.is_whole = loop.is_whole
        return self.now


def says(at: float, text: str) -> Event:
    return (at, b"", text.encode())


END, STOP = Inbox.END, Inbox.STOP


def test_the_end_of_the_output_is_published_at_once_and_ends_the_collector() -> None:
    world = World(says(1, "acc=1\n"), says(2, "acc=2\n"), (3, END, b""))
    assert world.run() == 3
    assert world.desk.sent == [(1, [1]), (3, [1, 2])]


def test_values_that_nobody_waits_for_are_gathered() -> None:
    lines = [says(second, "acc=1\n") for second in range(1, 12)]
    world = World(*lines, says(11.2, "acc=1\n"), (11.5, END, b""))
    world.run()
    assert [at for at, _ in world.desk.sent] == [1, 6, 11, 11.5]
    assert [len(steps) for _, steps in world.desk.sent] == [1, 6, 11, 12]


def test_output_without_metrics_ends_without_a_report() -> None:
    world = World(says(1, "hello\n"), (2, END, b""))
    assert world.run() == 2
    assert world.desk.attempts == []


def test_a_line_without_its_end_counts_at_the_end() -> None:
    world = World(says(1, "acc=0.5"), (2, END, b""))
    world.run()
    assert world.desk.sent == [(2, [1])]


def test_an_api_server_that_is_away_for_a_minute_gets_everything_afterwards() -> None:
    lines = [says(second, "acc=1\n") for second in range(1, 91)]
    world = World(*lines, (91, END, b""), accepts_from=60)
    world.run()
    assert len(world.desk.attempts) < 30
    assert 60 <= world.desk.sent[0][0] <= 68
    assert world.desk.sent[-1] == (91, list(range(1, 91)))


def test_at_the_end_an_api_server_that_stays_away_is_waited_for_in_bounds() -> None:
    world = World(says(1, "acc=1\n"), (2, END, b""), accepts_from=1e9)
    assert world.run() == 2 + FLUSH_AFTER_END
    assert world.collection.last_words(whole=True).startswith(b'{"observations":[{"step":1,')


def test_sigterm_while_publishing_the_end_shortens_the_wait() -> None:
    world = World(says(1, "acc=1\n"), (2, END, b""), (5, STOP, b""), accepts_from=1e9)
    assert world.run() == 5 + FLUSH_AFTER_STOP


def test_after_sigterm_what_still_comes_is_read() -> None:
    world = World(says(1, "acc=1\n"), (2, STOP, b""), says(3, "acc=2\n"), (4, END, b""))
    assert world.run() == 4
    assert world.stopping.is_set()
    assert world.desk.sent[-1] == (4, [1, 2])


def test_after_sigterm_output_that_never_ends_is_left() -> None:
    chatter = [says(second / 10, "acc=1\n") for second in range(20, 200)]
    world = World((2, STOP, b""), *chatter)
    assert world.run() == 2 + DRAIN
    assert world.desk.sent[-1][0] == 2 + DRAIN


def test_sigterm_and_an_api_server_that_is_away_end_within_ten_seconds() -> None:
    world = World(says(1, "acc=1\n"), (2, STOP, b""), (3, STOP, b""), accepts_from=1e9)
    assert world.run() <= 2 + 10


def test_an_end_after_the_drain_was_given_up_changes_nothing() -> None:
    late = 2 + DRAIN + 1
    world = World(says(1, "acc=1\n"), (2, STOP, b""), (late, END, b""), accepts_from=late)
    world.run()
    assert world.desk.sent[-1][1] == [1]


@pytest.mark.parametrize(
    ("script", "accepts_from", "want"),
    [
        pytest.param([says(1, "acc=1\n"), (2, END, b"")], 0, True, id="read and reported"),
        pytest.param([(1, END, b"")], 0, True, id="read, and there was nothing to report"),
        pytest.param([says(1, "acc=1\n"), (2, END, b"")], 1e9, False, id="read, never reported"),
        pytest.param([says(1, "acc=1\n"), (2, STOP, b"")], 0, False, id="not read in time"),
    ],
)
def test_the_operator_is_told_whether_everything_was_read_and_reported(
    script: list[Event], accepts_from: float, *, want: bool
) -> None:
    world = World(*script, accepts_from=accepts_from)
    world.run()
    assert world.is_whole is want
