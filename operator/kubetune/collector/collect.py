"""From bytes to observations: lines, finder, steps and series put together; pure but for `now`."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from kubetune.collector.lines import Line, LineSplitter
from kubetune.collector.parse import Finder, words
from kubetune.collector.series import Series
from kubetune.collector.settings import Settings
from kubetune.collector.steps import Placed, StepCounter
from kubetune.collector.termination import TAIL_LINES, TAIL_WIDTH, termination_message


class Collection:
    """What one trial has printed so far, as observations.

    Args:
        settings: What to look for.
        find: Finds what a line says (`parse.finder` of the settings).
        now: The time, aware; for lines whose source does not tell when they were printed.
        on_report: Called for each report; its argument says whether it should be published at once.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        find: Finder,
        now: Callable[[], datetime],
        on_report: Callable[[bool], None],
    ) -> None:
        self.series = Series(settings.objective, maximize=settings.maximize, rungs=settings.rungs)
        self._objective = settings.objective
        self._find = find
        self._now = now
        self._on_report = on_report
        self._steps = StepCounter(settings.objective, trained=settings.trained)
        self._splitter = LineSplitter(
            words(settings.metrics, settings.patterns), stamped=settings.source == "Stdout"
        )

    def feed(self, data: bytes) -> None:
        """Take the next piece of output."""
        self._take(self._splitter.feed(data))

    def close(self) -> None:
        """End the output; calling it again does nothing."""
        self._take(self._splitter.close())
        self._record(self._steps.close(), None)

    def last_words(self, *, whole: bool) -> bytes:
        """Return the termination message for what came so far; whole: all came, and is reported."""
        return termination_message(
            self.series.most_telling(),
            objective=self._objective,
            lines=self._splitter.count,
            tail=self._splitter.tail(TAIL_LINES, TAIL_WIDTH),
            whole=whole,
        )

    def _take(self, lines: Iterator[Line]) -> None:
        for line in lines:
            for found in self._find(line.text):
                self._record(self._steps.place(found), line.stamp)

    def _record(self, placed: Placed | None, stamp: bytes | None) -> None:
        if placed is not None:
            urgent = self.series.add(placed.step, placed.values, self._time(stamp))
            self._on_report(urgent)

    def _time(self, stamp: bytes | None) -> str:
        """Return when a line was printed, by its stamp or else by the clock, as RFC 3339 in UTC."""
        moment = None
        if stamp is not None:
            try:
                moment = datetime.fromisoformat(stamp.decode("ascii", "replace")).astimezone(UTC)
            except (ValueError, OverflowError):
                moment = None
        moment = moment or self._now().astimezone(UTC)
        return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
