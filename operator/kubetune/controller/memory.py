"""What a process remembers from one look to the next, to be patient and not to repeat itself.

In memory only, so nothing that matters may depend on it: a restarted operator begins without it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kubetune.controller.judging import REREAD_INTERVAL
from kubetune.controller.pace import Pace
from kubetune.controller.refusals import Refusals
from kubetune.controller.starts import REFUSED_RETRY


def _refused_jobs() -> Refusals:
    return Refusals(retry=REFUSED_RETRY, kept=10 * REFUSED_RETRY)


def _unread_logs() -> Refusals:
    # Logs are read one at a time, and each may take a minute that cannot be had.
    return Refusals(retry=REREAD_INTERVAL, kept=timedelta(hours=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Remembered of all jobs.

    Attributes:
        refused_jobs: Trials whose Job the API server refuses.
        unread_logs: Trials whose log cannot be had.
        pace: When words alone were written.
    """

    refused_jobs: Refusals = field(default_factory=_refused_jobs)
    unread_logs: Refusals = field(default_factory=_unread_logs)
    pace: Pace = field(default_factory=Pace)

    def forget_stale(self, now: datetime) -> None:
        """Forget the trials that nobody asks for any more."""
        self.refused_jobs.forget_stale(now)
        self.unread_logs.forget_stale(now)
