"""One look at one accepted TuningJob's trials: record the world, decide, apply.

A decision is recorded in the Trial before its Job is touched, so that every step can be repeated.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import msgspec

from kubetune import planner
from kubetune.api.strategy import StrategyType
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.tuningjob_status import Phase, TuningJobStatus
from kubetune.controller import trials
from kubetune.controller.acceptance import Refusal
from kubetune.controller.announce import announce_job, announce_launch, announce_trial
from kubetune.controller.apply import NameTakenError, all_of
from kubetune.controller.dependencies import Dependencies
from kubetune.controller.outcomes import judge
from kubetune.controller.snapshot import TrialView, observe
from kubetune.controller.status import JobVerdict, verdict_of
from kubetune.core.decision import Decision, Outcome, StopTrial, Suggestion
from kubetune.core.rungs import rung_levels
from kubetune.core.trial import Trial as CoreTrial
from kubetune.errors import (
    ClusterError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
)
from kubetune.kube.objects import ObjectKey, Trial, TrialStatus
from kubetune.trialjob import retention_seconds, training_container

_log = logging.getLogger(__name__)

CATCH_UP = timedelta(seconds=1)
"""When to look again after another writer was faster; the watch usually wakes us before."""

REFUSED_RETRY = timedelta(seconds=15)
"""When to try again to create a Job that the API server refused, for example for a quota."""


class Look:
    """The state of one look. Made for one use of `take`."""

    def __init__(
        self,
        dependencies: Dependencies,
        *,
        key: ObjectKey,
        body: Mapping[str, Any],
        spec: TuningJobSpec,
        recorded: TuningJobStatus,
        refusal: Refusal | None,
        now: datetime,
        refused_until: dict[str, datetime],
        cache: trials.CoreTrials,
    ) -> None:
        """Take in what is known.

        Args:
            dependencies: What to work with.
            key: The TuningJob.
            body: The same, as the API server gave it.
            spec: Its spec, valid.
            recorded: Its status.
            refusal: Why the spec cannot be run; None if it can.
            now: Aware.
            refused_until: By Trial UID, when to ask again for a Job that was refused; updated.
            cache: Finished trials of this TuningJob as the planner sees them; updated.
        """
        self.body = body
        self.spec = spec
        self.recorded = recorded
        self.refusal = refusal
        self.now = now
        self._key = key
        self._with = dependencies
        cluster = dependencies.cluster
        snapshot = observe(
            body,
            trials=cluster.trials(key.namespace).by_index(key),
            jobs=cluster.jobs_by_trial(key),
            pods=cluster.pods_by_trial(key),
        )
        self._views = {view.trial.spec.index: view for view in snapshot.trials}
        self._earlier = snapshot.earlier
        self._rungs = _rungs(spec)
        self._wakes: list[timedelta] = []
        self._refused_until = refused_until
        self._cache = cache
        self._obstacle: str | None = None

    async def take(self) -> tuple[JobVerdict, timedelta | None]:
        """Look, decide and apply; return where the job stands and when to look again."""
        unfinished = [view for view in self._views.values() if not view.state.is_finished]
        await all_of(*(self._record_world(view) for view in unfinished))
        await all_of(*(self._end_earlier(view) for view in self._earlier))
        decision = await self._decide()
        outcome = decision.outcome
        if outcome is not None and not await self._end(outcome):
            outcome = None  # not all trials could be told: once more
        await all_of(*(self._stop_early(stop) for stop in decision.stop))
        # What has to end comes before what may start, and does not depend on it.
        await self._free()
        await self._launch_all(decision)
        if outcome is None and decision.outcome is None and self._may_start:
            waiting = [v for v in self._views.values() if _needs_job(v) and not self._held_back(v)]
            await all_of(*(self._start(view) for view in waiting))
        return self._verdict(decision, outcome), min(self._wakes, default=None)

    def core_trials(self) -> list[CoreTrial]:
        """Return the run's trials as the planner sees them."""
        return [
            self._cache.core_trial(view.trial, self.spec, holds_slot=trials.holds_slot(view))
            for view in self._views.values()
        ]

    async def _free(self) -> None:
        """Delete the Jobs that a decision ended, and let the others end with their retention."""
        views = list(self._views.values())
        ended = [view for view in views if view.has_leftover_job]
        ended += [view for view in views if self.spec.suspend and _is_suspended(view)]
        await all_of(*(self._delete_job(view) for view in ended))
        kept = [view.job for view in views if view.job is not None and view.has_unbounded_job]
        seconds = retention_seconds(self.spec)
        await all_of(*(self._with.writer.expire_job(job, seconds) for job in kept))

    async def _launch_all(self, decision: Decision) -> None:
        """Create the Trials that were decided, one after the other.

        An operator that looks meanwhile must not take a trial that is still to come for one that
        was lost.
        """
        for suggestion in decision.launch:
            try:
                await self._launch(suggestion)
            except (ForbiddenError, InvalidError, NameTakenError) as error:
                announce_job(
                    self._with.recorder, self.body, Phase.PENDING, "TrialRefused", error.message
                )
                self._obstacle = error.message
                self._wakes.append(REFUSED_RETRY)
                return

    @property
    def _may_start(self) -> bool:
        return not self.spec.suspend and self.refusal is None

    def _verdict(self, decision: Decision, outcome: Outcome | None) -> JobVerdict:
        if self.refusal is not None and outcome is None:
            return JobVerdict(
                phase=Phase.PENDING,
                reason=self.refusal.reason,
                message=self.refusal.message,
                accepted=False,
            )
        return verdict_of(self.spec, outcome, degraded=self._obstacle or decision.fallback)

    async def _decide(self) -> Decision:
        started_at, seed = self.recorded.start_time, self.recorded.seed
        if seed is None or (self.refusal is not None and not self.spec.stop):
            return Decision()
        began = perf_counter()
        # In a thread: a strategy may think for a second, and other jobs should not wait for it.
        decision = await asyncio.to_thread(
            planner.decide,
            self.spec,
            self.core_trials(),
            seed=seed,
            started_at=started_at or self.now,
            now=self.now,
        )
        self._with.metrics.decide_seconds.observe(perf_counter() - began)
        if self._earlier:
            # The run before still holds what it asked for.
            decision = replace(decision, launch=())
        if decision.wake_after is not None:
            self._wakes.append(decision.wake_after)
        return decision

    async def _record_world(self, view: TrialView) -> None:
        """Record what the cluster says of a trial."""
        verdict = judge(view, self.spec, rungs=self._rungs, now=self.now)
        status = verdict.status
        if verdict.wake_at is not None:
            self._wakes.append(max(verdict.wake_at - self.now, timedelta()))
        if verdict.wants_log:
            tail = await self._with.writer.log_tail(view, training_container(self.spec))
            if tail:
                message = f"{status.message}\nlast lines:\n{tail}"
                status = msgspec.structs.replace(status, message=message)
        if self.spec.suspend and not TrialState(status.state).is_finished:
            status = trials.suspended(view.trial)
        await self._record(view, status)

    async def _record(self, view: TrialView, status: TrialStatus) -> Trial | None:
        """Record a status and tell of it; None when the Trial changed meanwhile."""
        if status == view.trial.status:
            return view.trial
        written = await self._with.writer.record(view.trial, status)
        if written is None:
            self._wakes.append(CATCH_UP)
            return None
        self._views[view.trial.spec.index] = replace(view, trial=written)
        announce_trial(self._with.recorder, self.body, view.trial, written)
        if written.status.state != view.trial.status.state:
            self._with.metrics.trials.labels(written.status.state).inc()
            _log.info(
                "trial changed",
                extra={
                    "job": self._key,
                    "trial": written.metadata.name,
                    "state": written.status.state,
                    "reason": written.status.reason,
                },
            )
        return written

    async def _end(self, outcome: Outcome) -> bool:
        """Stop all trials that are not finished; False when one could not be told yet."""
        open_views = [view for view in self._views.values() if not view.state.is_finished]
        told = await all_of(
            *(
                self._record(
                    view,
                    trials.stopped(
                        view.trial,
                        outcome.reason,
                        outcome.message,
                        self.spec.objective,
                        now=self.now,
                    ),
                )
                for view in open_views
            )
        )
        if all(trial is not None for trial in told):
            self._with.metrics.decisions.labels("end", outcome.reason).inc()
            return True
        return False

    async def _end_earlier(self, view: TrialView) -> None:
        """Stop a trial of an earlier run."""
        if not view.state.is_finished:
            status = trials.stopped(
                view.trial,
                "NewRun",
                "spec.runId changed while the trial was not finished",
                self.spec.objective,
                now=self.now,
            )
            if await self._with.writer.record(view.trial, status) is None:
                self._wakes.append(CATCH_UP)
                return
        await self._delete_job(view)

    async def _stop_early(self, stop: StopTrial) -> None:
        view = self._views[stop.index]
        status = trials.stopped_early(view.trial, stop, self.spec.objective, now=self.now)
        if await self._record(view, status) is not None:
            self._with.metrics.decisions.labels("stop", stop.evidence.rule).inc()

    async def _launch(self, suggestion: Suggestion) -> None:
        trial = await self._with.writer.create_trial(self.body, self.spec.run_id, suggestion)
        self._views[trial.spec.index] = TrialView(trial=trial, job=None, pods=())
        announce_launch(self._with.recorder, trial, suggestion.reason)
        self._with.metrics.decisions.labels("launch", self.spec.strategy.type.value).inc()
        _log.info(
            "trial launched",
            extra={
                "job": self._key,
                "trial": trial.metadata.name,
                "parameters": trial.spec.parameters,
                "reason": suggestion.reason,
            },
        )

    async def _start(self, view: TrialView) -> None:
        """Create the Job of a trial that has none."""
        trial = view.trial
        if trial.status.observations or trial.status.reason == "Suspended":
            renewed = await self._record(view, trials.begun_anew(trial))
            if renewed is None:
                return
            trial = renewed
        try:
            job = await self._with.writer.create_job(self._key.name, trial, self.spec, self._rungs)
        except InvalidError as error:
            # The point itself makes an impossible Job: no patience mends that.
            await self._record(view, trials.rejected(trial, error.message, now=self.now))
            return
        except (ConflictError, NotFoundError):
            raise
        except ClusterError as error:
            # A quota, a policy, a webhook that is down.
            await self._refused(replace(view, trial=trial), error.message)
            return
        self._refused_until.pop(trial.metadata.uid, None)
        self._views[trial.spec.index] = replace(view, trial=trial, job=job)

    def _held_back(self, view: TrialView) -> bool:
        """True when the API server refused this trial's Job a moment ago."""
        until = self._refused_until.get(view.trial.metadata.uid)
        if until is None or until <= self.now:
            return False
        self._wakes.append(until - self.now)
        self._obstacle = view.trial.status.message or self._obstacle
        return True

    async def _refused(self, view: TrialView, message: str) -> None:
        """Say on the trial why its Job cannot be created; try again, the reason may pass."""
        status = msgspec.structs.replace(view.trial.status, reason="JobRefused", message=message)
        await self._record(view, status)
        self._obstacle = message
        self._refused_until[view.trial.metadata.uid] = self.now + REFUSED_RETRY
        self._wakes.append(REFUSED_RETRY)

    async def _delete_job(self, view: TrialView) -> None:
        if view.job is not None and view.job.metadata.deletion_timestamp is None:
            await self._with.writer.delete_job(view.job)


def _needs_job(view: TrialView) -> bool:
    """True for a trial that waits for its first or next Job, when no old pod is left."""
    return (
        view.state is TrialState.PENDING
        and view.job is None
        and view.trial.status.job_uid is None
        and not view.has_live_pod
    )


def _is_suspended(view: TrialView) -> bool:
    return view.state is TrialState.PENDING and view.job is not None


def _rungs(spec: TuningJobSpec) -> tuple[int, ...]:
    hyperband = spec.strategy.hyperband
    if spec.strategy.type is not StrategyType.HYPERBAND or hyperband is None:
        return ()
    return rung_levels(hyperband.min_resource, hyperband.max_resource, hyperband.reduction_factor)
