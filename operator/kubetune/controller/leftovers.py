"""Trials that a run has left unfinished: a new run began, or the TuningJob ended without them.

Nothing is decided about them any more. They are stopped, and their Jobs taken away.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.controller.attempts import accounted
from kubetune.controller.dependencies import Dependencies
from kubetune.controller.recording import record_trial
from kubetune.controller.snapshot import TrialView
from kubetune.core.gpus import gpus_of
from kubetune.errors import NotFoundError
from kubetune.kube.paths import JOBS
from kubetune.record import trials


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """Stops what a run has left.

    Attributes:
        dependencies: What to work with.
        body: The TuningJob, as the API server gave it.
        spec: Its spec, which need not be the one that the trials were made from.
        reason: Why trials are stopped, in one CamelCase word.
        message: The same for a person.
    """

    dependencies: Dependencies
    body: Mapping[str, Any]
    spec: TuningJobSpec
    reason: str
    message: str

    async def stop(self, view: TrialView) -> bool:
        """Record that a trial is stopped; False when it could not be told yet: look again."""
        now = self.dependencies.now()
        status = trials.stopped(view.trial, self.reason, self.message, self.spec.objective, now=now)
        gpus = await self._gpus(view)
        status = accounted(view, status, self.spec, now=now, count=lambda _: gpus)
        return await record_trial(self.dependencies, self.body, view.trial, status) is not None

    async def _gpus(self, view: TrialView) -> float:
        """Return how many GPUs a trial has that runs; 0 if it does not run, or its Job is gone.

        As its Job says: the template that it was made from may be another by now.
        """
        if view.state is not TrialState.RUNNING or view.job is None:
            return 0.0
        metadata = view.job.metadata
        try:
            answer = await self.dependencies.client.get(
                JOBS.path(metadata.namespace, metadata.name)
            )
        except NotFoundError:
            return 0.0
        job = msgspec.json.decode(answer)
        return gpus_of(job["spec"]) if job["metadata"]["uid"] == metadata.uid else 0.0
