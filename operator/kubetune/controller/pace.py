"""How often a Trial is written for nothing but other words of the cluster."""

from datetime import datetime, timedelta

from kubetune.api.trial import TrialState
from kubetune.kube.objects import TrialStatus
from kubetune.record.verdict import changed

NEWS_INTERVAL = timedelta(seconds=30)
"""The scheduler's words about a pod that waits change with every node that comes or goes."""


class Pace:
    """Remembers by the Trial's UID when its words were written last, of all jobs.

    In memory only: a restarted operator writes at once.
    """

    def __init__(self) -> None:
        self._told: dict[str, datetime] = {}

    def time_left(
        self, uid: str, old: TrialStatus, new: TrialStatus, now: datetime
    ) -> timedelta | None:
        """Return how long a status is to wait; None if it may be written, and that is noted.

        What is more than other words about the same wait is written at once.
        """
        is_words_alone = old != new and changed(old, message=new.message) == new
        if old.state != TrialState.PENDING or not is_words_alone:
            return None
        told = self._told.get(uid)
        if told is not None and now < told + NEWS_INTERVAL:
            return told + NEWS_INTERVAL - now
        self._told = {each: at for each, at in self._told.items() if now < at + NEWS_INTERVAL}
        self._told[uid] = now
        return None
