"""Writing a trial's status and telling of it: to people, in the metrics and in the log."""

import logging
from collections.abc import Mapping
from typing import Any

from kubetune.controller.announce import announce_trial
from kubetune.controller.cluster import key_of
from kubetune.controller.dependencies import Dependencies
from kubetune.kube.objects import Trial, TrialStatus

_log = logging.getLogger(__name__)


async def record_trial(
    dependencies: Dependencies, body: Mapping[str, Any], trial: Trial, status: TrialStatus
) -> Trial | None:
    """Record a status and tell of it.

    Args:
        dependencies: What to work with.
        body: The TuningJob, as the API server gave it.
        trial: The Trial as it is known.
        status: What is to be recorded.

    Returns:
        The Trial as written; None when it was changed or deleted meanwhile: look again.
    """
    written = await dependencies.writer.record(trial, status)
    if written is None:
        return None
    announce_trial(dependencies.recorder, body, trial, written)
    if written.status.state != trial.status.state:
        dependencies.metrics.trials.labels(written.status.state).inc()
        _log.info(
            "trial changed",
            extra={
                "job": key_of(body),
                "trial": written.metadata.name,
                "state": written.status.state,
                "reason": written.status.reason,
            },
        )
    return written
