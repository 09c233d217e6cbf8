"""What the API server refuses of which trials, since when, and when to ask again."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class _Refusal:
    since: datetime
    ask_again_at: datetime


class Refusals:
    """Remembers refusals of one kind by the Trial's UID, of all jobs.

    In memory only: a restarted operator asks at once.

    Args:
        retry: How long not to ask again.
        kept: How long to remember a trial after its turn to ask again; one that nobody asked for
            until then is gone, suspended or finished.
    """

    def __init__(self, *, retry: timedelta, kept: timedelta) -> None:
        self._retry = retry
        self._kept = kept
        self._known: dict[str, _Refusal] = {}

    def note(self, uid: str, now: datetime) -> datetime:
        """Remember a refusal; return since when it has been so for this trial."""
        known = self._known.get(uid)
        since = known.since if known is not None else now
        self._known[uid] = _Refusal(since, now + self._retry)
        return since

    def time_left(self, uid: str, now: datetime) -> timedelta | None:
        """Return how long not to ask for that Trial; None if it may be asked for."""
        known = self._known.get(uid)
        if known is None or known.ask_again_at <= now:
            return None
        return known.ask_again_at - now

    def forget(self, uid: str) -> None:
        """Forget a trial that was granted what it needs, or that needs it no more."""
        self._known.pop(uid, None)

    def forget_stale(self, now: datetime) -> None:
        """Forget the trials that nobody asks for any more."""
        limit = now - self._kept
        for uid in [uid for uid, known in self._known.items() if known.ask_again_at < limit]:
            del self._known[uid]
