"""Which trials' Jobs the API server refuses, since when, and when to ask again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

REFUSED_RETRY = timedelta(seconds=15)
"""When to try again to create what the API server refused, for example for a quota."""

_FORGOTTEN_AFTER = 10 * REFUSED_RETRY
"""A trial that nobody asked for that long after its turn is gone, suspended or finished."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    since: datetime
    ask_again_at: datetime


class Refusals:
    """Remembers refusals by the Trial's UID, of all jobs.

    In memory only: a restarted operator asks at once and waits as long as a new one would.
    """

    def __init__(self) -> None:
        self._known: dict[str, _Refusal] = {}

    def note(self, uid: str, now: datetime) -> datetime:
        """Remember a refusal; return since when this trial's Job has been refused."""
        known = self._known.get(uid)
        since = known.since if known is not None else now
        self._known[uid] = _Refusal(since, now + REFUSED_RETRY)
        return since

    def time_left(self, uid: str, now: datetime) -> timedelta | None:
        """Return how long not to ask for that Trial's Job; None if it may be asked for."""
        known = self._known.get(uid)
        if known is None or known.ask_again_at <= now:
            return None
        return known.ask_again_at - now

    def forget(self, uid: str) -> None:
        """Forget a trial whose Job was created, or that needs none any more."""
        self._known.pop(uid, None)

    def forget_stale(self, now: datetime) -> None:
        """Forget the trials that nobody asks for any more."""
        limit = now - _FORGOTTEN_AFTER
        for uid in [uid for uid, known in self._known.items() if known.ask_again_at < limit]:
            del self._known[uid]
