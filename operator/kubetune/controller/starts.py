"""Launching trials and starting their Jobs, and what becomes of a refusal."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from kubetune.api.durations import parse_duration
from kubetune.api.trial import TrialState
from kubetune.api.tuningjob_status import Phase
from kubetune.controller.announce import announce_job, announce_launch
from kubetune.controller.apply import EarlierRemainsError, NameTakenError, all_of
from kubetune.controller.book import CATCH_UP, Book
from kubetune.controller.dependencies import Dependencies
from kubetune.controller.refusals import Refusals
from kubetune.controller.snapshot import TrialView
from kubetune.core.basis import Basis, basis_of, telling_levels
from kubetune.core.decision import Decision, Promotion, Suggestion
from kubetune.core.trial import Trial as CoreTrial
from kubetune.errors import (
    ClusterError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
)
from kubetune.record import trials

REFUSED_RETRY = timedelta(seconds=15)
"""When to try again to create what the API server refused, for example for a quota."""

REMAINS_PATIENCE = timedelta(seconds=30)
"""How long the garbage collector may take for the children of an earlier job of the same name."""

_log = logging.getLogger(__name__)


class Starter:
    """Creates Trials and Jobs for one look."""

    def __init__(
        self,
        dependencies: Dependencies,
        book: Book,
        refusals: Refusals,
    ) -> None:
        """Start nothing yet.

        Args:
            dependencies: What to work with.
            book: The look's trials.
            refusals: Jobs that were refused; updated.
        """
        self._with = dependencies
        self._book = book
        self._refusals = refusals
        self._obstacles: dict[int, str] = {}

    @property
    def obstacle(self) -> str | None:
        """What stood in the way of the first trial that could not start; None if nothing did."""
        return self._obstacles[min(self._obstacles)] if self._obstacles else None

    async def launch(self, decision: Decision, seen: Iterable[CoreTrial]) -> None:
        """Create the Trials that were decided, one after the other.

        An operator that looks meanwhile must not take a trial that is still to come for one that
        was lost.

        Args:
            decision: What was decided.
            seen: The trials that it was decided from.
        """
        if not decision.launch:
            return
        levels = telling_levels(self._book.spec)
        basis = basis_of(seen, first=decision.launch[0].index, levels=levels)
        for suggestion in decision.launch:
            try:
                await self._launch(suggestion, basis)
            except EarlierRemainsError as error:
                self._remains(suggestion.index, error.message)
                return
            except (ForbiddenError, InvalidError, NameTakenError) as error:
                recorder, body = self._with.recorder, self._book.body
                announce_job(recorder, body, Phase.PENDING, "TrialRefused", error.message)
                self._obstacles[suggestion.index] = error.message
                self._book.wake_after(REFUSED_RETRY)
                return

    async def promote(self, promotion: Promotion) -> None:
        """Record that a Paused trial goes on, once nothing is left of its Job at the rung."""
        book = self._book
        view = book.views[promotion.index]
        if view.job is not None or view.has_live_pod:
            return  # it is being deleted, and its end will wake us
        promoted = trials.promoted(view.trial, promotion, now=book.now)
        if await book.record(view, promoted) is not None:
            self._with.metrics.decisions.labels("promote", promotion.evidence.rule).inc()

    async def start(self) -> None:
        """Create the Jobs of all trials that have none and may have one."""
        waiting = [view for view in self._book.views.values() if _needs_job(view)]
        await all_of(*(self._start(view) for view in waiting if not self._held_back(view)))

    async def _launch(self, suggestion: Suggestion, basis: Basis) -> None:
        book = self._book
        trial = await self._with.writer.create_trial(book.body, book.spec.run_id, suggestion, basis)
        book.views[trial.spec.index] = TrialView(trial=trial, job=None, pods=())
        announce_launch(self._with.recorder, trial, suggestion.reason)
        self._with.metrics.decisions.labels("launch", book.spec.strategy.type.value).inc()
        _log.info(
            "trial launched",
            extra={
                "job": book.key,
                "trial": trial.metadata.name,
                "parameters": trial.spec.parameters,
                "reason": suggestion.reason,
            },
        )

    async def _start(self, view: TrialView) -> None:
        book, trial = self._book, view.trial
        if trial.status.observations or trial.status.reason == "Suspended":
            renewed = await book.record(view, trials.begun_anew(trial, book.spec))
            if renewed is None:
                return
            trial = renewed
        try:
            job = await self._with.writer.create_job(book.key.name, trial, book.spec, book.rungs)
        except InvalidError as error:
            # The point itself makes an impossible Job: no patience mends that.
            await book.record(view, trials.rejected(trial, error.message, now=book.now))
            return
        except (ConflictError, NotFoundError):
            raise
        except EarlierRemainsError as error:
            self._remains(trial.spec.index, error.message)
            return
        except ClusterError as error:
            # A quota, a policy, a webhook that is down.
            await self._refused(replace(view, trial=trial), error.message)
            return
        self._refusals.forget(trial.metadata.uid)
        started = book.views[trial.spec.index] = replace(view, trial=trial, job=job)
        if trial.status.reason == "JobRefused":
            await book.record(started, trials.begun_anew(trial, book.spec))

    def _remains(self, index: int, message: str) -> None:
        """Wait for what an earlier job of this name has left; say so if that takes long."""
        created = datetime.fromisoformat(self._book.body["metadata"]["creationTimestamp"])
        if self._book.now >= created + REMAINS_PATIENCE:
            self._obstacles[index] = message
        self._book.wake_after(CATCH_UP)

    def _held_back(self, view: TrialView) -> bool:
        """True when the API server refused this trial's Job a moment ago."""
        left = self._refusals.time_left(view.trial.metadata.uid, self._book.now)
        if left is None:
            return False
        self._book.wake_after(left)
        self._obstacles[view.trial.spec.index] = view.trial.status.message
        return True

    async def _refused(self, view: TrialView, message: str) -> None:
        """Say on the trial why its Job cannot be created; try again, the reason may pass."""
        book, trial = self._book, view.trial
        noted = self._refusals.note(trial.metadata.uid, book.now)
        # What is recorded outlives an operator that restarts.
        since = trial.status.refused_since or noted
        patience = parse_duration(book.spec.limits.max_pending_time)
        if book.now - since >= patience:
            self._refusals.forget(trial.metadata.uid)
            await book.record(view, trials.never_started(trial, message, now=book.now))
            return
        await book.record(view, trials.refused(trial, message, since=since))
        self._obstacles[trial.spec.index] = message
        book.wake_after(REFUSED_RETRY)


def _needs_job(view: TrialView) -> bool:
    """True for a trial that waits for its first or next Job, when no old pod is left."""
    return (
        view.state is TrialState.PENDING
        and view.job is None
        and view.trial.status.job_uid is None
        and not view.has_live_pod
    )
