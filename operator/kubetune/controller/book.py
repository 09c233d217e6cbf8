"""The trials of one look: their views, the writing of their statuses, and when to look again."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from kubetune.api.strategy import StrategyType
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.controller.attempts import accounted
from kubetune.controller.dependencies import Dependencies
from kubetune.controller.recording import record_trial
from kubetune.controller.snapshot import Snapshot, TrialView
from kubetune.core.rungs import levels_of
from kubetune.kube.objects import ObjectKey, Trial, TrialStatus

CATCH_UP = timedelta(seconds=1)
"""When to look again after another writer was faster; the watch usually wakes us before."""


class Book:
    """What one look knows of a TuningJob's trials; every status that it writes goes through here.

    Attributes:
        key: The TuningJob.
        body: The same, as the API server gave it.
        spec: Its spec, valid.
        now: The moment of the look.
        views: The run's trials by index; kept up to date with what is written.
        rungs: Steps whose observations matter at once; empty without Hyperband.
    """

    def __init__(
        self,
        dependencies: Dependencies,
        *,
        key: ObjectKey,
        body: Mapping[str, Any],
        spec: TuningJobSpec,
        snapshot: Snapshot,
        now: datetime,
    ) -> None:
        self.key = key
        self.body = body
        self.spec = spec
        self.now = now
        self.views = {view.trial.spec.index: view for view in snapshot.trials}
        self.rungs = _rungs(spec)
        self._with = dependencies
        self._wakes: list[timedelta] = []

    def unfinished(self) -> list[TrialView]:
        """Return the run's trials that are not finished, by index."""
        return [view for view in self.views.values() if not view.state.is_finished]

    def wake_after(self, delay: timedelta) -> None:
        """Ask for another look after that long, or sooner."""
        self._wakes.append(max(delay, timedelta()))

    @property
    def next_look(self) -> timedelta | None:
        """When to look again; None if only events matter."""
        return min(self._wakes, default=None)

    async def record(self, view: TrialView, status: TrialStatus) -> Trial | None:
        """Record a status and tell of it; None when the Trial changed meanwhile."""
        if status == view.trial.status:
            return view.trial
        status = accounted(view, status, self.spec, now=self.now)
        written = await record_trial(self._with, self.body, view.trial, status)
        if written is None:
            self.wake_after(CATCH_UP)
            return None
        self.views[view.trial.spec.index] = replace(view, trial=written)
        return written


def _rungs(spec: TuningJobSpec) -> tuple[int, ...]:
    hyperband = spec.strategy.hyperband
    if spec.strategy.type is not StrategyType.HYPERBAND or hyperband is None:
        return ()
    if hyperband.max_resource is None:
        return ()  # refused: neither the spec nor its template says it
    return levels_of(hyperband)
