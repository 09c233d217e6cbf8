"""Bounds the time that a user's regular expression may take for one line.

A pattern such as ``(a+)+b`` can take longer than the trial for a single line. Python's matcher
looks for signals while it works, so an alarm ends it. Signals reach the main thread only, and so
this can be used there only.
"""

import signal
import types
from collections.abc import Callable, Iterator

from kubetune.collector.parse import Finder, Found

SECONDS = 1.0
"""Longest time for one line; a sound pattern needs a thousandth of it."""


class _TooSlowError(Exception):
    """Raised by the alarm within the matcher; the line is given up."""


def guarded(find: Finder, log: Callable[[str], None], *, seconds: float = SECONDS) -> Finder:
    """Return a finder that gives up a line after `seconds`, and says so the first time."""
    told = False

    def on_alarm(_signal: int, _frame: types.FrameType | None) -> None:
        raise _TooSlowError

    def find_in_time(text: bytes) -> Iterator[Found]:
        nonlocal told
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds)
            try:
                found = list(find(text))
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        except _TooSlowError:
            if not told:
                told = True
                log(f"a pattern takes more than {seconds:g} s for a line; such lines are skipped")
            return
        yield from found

    signal.signal(signal.SIGALRM, on_alarm)
    return find_in_time
