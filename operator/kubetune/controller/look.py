"""One look at one accepted TuningJob's trials: record the world, decide, apply.

A decision is recorded in the Trial before its Job is touched, so that every step can be repeated.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from kubetune import planner
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.tuningjob_status import Phase, TuningJobStatus
from kubetune.controller.announce import announce_job
from kubetune.controller.apply import all_of
from kubetune.controller.book import CATCH_UP, Book
from kubetune.controller.dependencies import Dependencies
from kubetune.controller.handover import hand_over
from kubetune.controller.hindrances import stuck_pod, suspended_jobs
from kubetune.controller.judging import Judge
from kubetune.controller.leftovers import Leftovers
from kubetune.controller.memory import Memory
from kubetune.controller.parents import Inheritance
from kubetune.controller.refusal import Refusal
from kubetune.controller.snapshot import TrialView, observe
from kubetune.controller.starts import Starter
from kubetune.core.decision import Decision, Outcome, OutcomeKind, StopTrial
from kubetune.core.objective import incumbent
from kubetune.core.trial import Trial as CoreTrial
from kubetune.errors import ForbiddenError, InvalidError
from kubetune.kube.objects import ObjectKey
from kubetune.record import trials
from kubetune.record.status import JobVerdict, verdict_of
from kubetune.trialjob.template import retention_seconds


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
        inheritance: Inheritance,
        now: datetime,
        memory: Memory,
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
            inheritance: What the run has of its parents.
            now: Aware.
            memory: What is remembered of other looks; updated.
            cache: Finished trials of this TuningJob as the planner sees them; updated.
        """
        self.body = body
        self.spec = spec
        self.recorded = recorded
        self.refusal = refusal
        self.inheritance = inheritance
        self.now = now
        cluster = dependencies.cluster
        snapshot = observe(
            body,
            trials=cluster.trials(key.namespace).by_index(key),
            jobs=cluster.jobs_by_trial(key),
            pods=cluster.pods_by_trial(key),
        )
        self._with = dependencies
        self._book = Book(dependencies, key=key, body=body, spec=spec, snapshot=snapshot, now=now)
        self._judge = Judge(dependencies, self._book, pace=memory.pace, unread=memory.unread_logs)
        self._starter = Starter(dependencies, self._book, memory.refused_jobs)
        self._earlier = snapshot.earlier
        self._kept = snapshot.kept
        self._strays = snapshot.strays
        self._cache = cache

    async def take(self) -> tuple[JobVerdict, timedelta | None]:
        """Look, decide and apply; return where the job stands and when to look again."""
        await all_of(*(self._judge.record(view) for view in self._book.unfinished()))
        await all_of(*(self._end_earlier(view) for view in self._earlier))
        seen = self.core_trials()
        decision = await self._decide(seen)
        outcome = decision.outcome
        told = await all_of(*(self._stop_early(stop) for stop in decision.stop))
        if outcome is not None and not (all(told) and await self._end(outcome)):
            outcome = None  # not all trials could be told: once more
        if outcome is not None and outcome.kind is OutcomeKind.COMPLETE:
            await self._hand_over()
        # What has to end comes before what may start, and does not depend on it.
        await self._delete_ended()
        await all_of(*(self._starter.promote(promotion) for promotion in decision.promote))
        await self._starter.launch(decision, seen)
        if decision.outcome is None and self.refusal is None and not self.spec.suspend:
            await self._starter.start()
        # Nothing waits for it.
        ended = (*self._book.views.values(), *self._kept)
        await self._with.writer.expire_jobs(ended, retention_seconds(self.spec))
        return self._verdict(decision, outcome), self._book.next_look

    def core_trials(self) -> list[CoreTrial]:
        """Return the run's trials as the planner sees them."""
        return [
            self._cache.core_trial(view.trial, self.spec, holds_slot=view.holds_slot)
            for view in self._book.views.values()
        ]

    def _verdict(self, decision: Decision, outcome: Outcome | None) -> JobVerdict:
        if self.refusal is not None and outcome is None:
            return JobVerdict(
                phase=Phase.PENDING,
                reason=self.refusal.reason,
                message=self.refusal.message,
                accepted=False,
                waits=self.refusal.waits,
            )
        degraded = (
            self._starter.obstacle
            or stuck_pod(self._book, earlier=self._earlier, strays=self._strays)
            or suspended_jobs(self._book)
            or decision.fallback
            or self.inheritance.lost
        )
        return replace(
            verdict_of(self.spec, outcome, degraded=degraded, convergence=decision.convergence),
            accepted=self.refusal is None,
        )

    async def _decide(self, seen: Sequence[CoreTrial]) -> Decision:
        started_at, seed = self.recorded.start_time, self.recorded.seed
        if seed is None or (self.refusal is not None and not self.spec.stop):
            return Decision()
        began = perf_counter()
        # In a thread: a strategy may think for a second, and other jobs should not wait for it.
        decision = await asyncio.to_thread(
            planner.decide,
            self.spec,
            seen,
            seed=seed,
            started_at=started_at or self.now,
            now=self.now,
            parents=self.inheritance.runs,
        )
        self._with.metrics.count_decision(
            self.spec.strategy.type.value, len(decision.launch), perf_counter() - began
        )
        if decision.wake_after is not None:
            self._book.wake_after(decision.wake_after)
        # Pods of deleted trials take the place of new ones, and so does all of an earlier run.
        wanted = len(decision.promote) + len(decision.launch)
        room = 0 if self._earlier else max(0, wanted - len(self._strays))
        promote = decision.promote[:room]
        return replace(decision, promote=promote, launch=decision.launch[: room - len(promote)])

    async def _end(self, outcome: Outcome) -> bool:
        """Stop all trials that are not finished; False when one could not be told yet."""
        told = await all_of(
            *(
                self._book.record(
                    view,
                    trials.stopped(
                        view.trial,
                        outcome.reason,
                        outcome.message,
                        self.spec.objective,
                        now=self.now,
                    ),
                )
                for view in self._book.unfinished()
            )
        )
        if any(trial is None for trial in told):
            return False
        self._with.metrics.decisions.labels("end", outcome.reason).inc()
        return True

    async def _hand_over(self) -> None:
        """Write the best parameters where spec.bestParametersConfigMap asks for them."""
        best = incumbent(self.core_trials(), self.spec.objective)
        if self.spec.best_parameters_config_map is None or best is None:
            return
        try:
            if await hand_over(self._with.client, self.body, self.spec, best):
                return
            note = "a ConfigMap of that name exists already and is left as it is"
        except (ForbiddenError, InvalidError) as error:
            # A quota or a policy: no reason to hold the end up.
            note = error.message
        announce_job(
            self._with.recorder,
            self.body,
            Phase.PENDING,
            "BestParametersNotWritten",
            f"spec.bestParametersConfigMap {self.spec.best_parameters_config_map}: {note}; "
            "status.best.parameters has them",
        )

    async def _end_earlier(self, view: TrialView) -> None:
        """Stop a trial of an earlier run."""
        if not view.state.is_finished:
            leftovers = Leftovers(
                dependencies=self._with,
                body=self.body,
                spec=self.spec,
                reason="NewRun",
                message="spec.runId changed while the trial was not finished",
            )
            if not await leftovers.stop(view):
                self._book.wake_after(CATCH_UP)
                return
        await self._delete_job(view)

    async def _stop_early(self, stop: StopTrial) -> bool:
        """Record a stop; False when the trial could not be told yet."""
        view = self._book.views[stop.index]
        status = trials.stopped_early(view.trial, stop, self.spec.objective, now=self.now)
        if await self._book.record(view, status) is None:
            return False
        self._with.metrics.decisions.labels("stop", stop.evidence.rule).inc()
        return True

    async def _delete_ended(self) -> None:
        """Delete the Jobs of trials that a decision ended or put off."""
        ended = [
            view
            for view in self._book.views.values()
            if view.has_leftover_job or (self.spec.suspend and _is_put_off(view))
        ]
        await all_of(*(self._delete_job(view) for view in ended))

    async def _delete_job(self, view: TrialView) -> None:
        if view.job is not None and view.job.metadata.deletion_timestamp is None:
            await self._with.writer.delete_job(view.job)


def _is_put_off(view: TrialView) -> bool:
    return view.state is TrialState.PENDING and view.job is not None
