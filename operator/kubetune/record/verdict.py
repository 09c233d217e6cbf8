"""What is to be recorded about one trial, and when to look at it again."""

from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from kubetune.kube.objects import TrialStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The next status of a trial, and when to look again though nothing happens.

    Attributes:
        status: The recorded status if nothing changed, else what is to be recorded.
        wake_at: A deadline of this trial; None without one.
        wants_log: True when the message should be completed with the pod's last log lines.
        wants_reports: True when the observations should be completed from the pod's log first.
    """

    status: TrialStatus
    wake_at: datetime | None = None
    wants_log: bool = field(default=False)
    wants_reports: bool = field(default=False)


def changed(status: TrialStatus, **changes: object) -> TrialStatus:
    """Return a status with other values in some fields."""
    return msgspec.structs.replace(status, **changes)
