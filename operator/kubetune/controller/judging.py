"""Recording what the cluster says of trials, with their logs where it says too little."""

import logging
from dataclasses import replace
from datetime import timedelta

import msgspec

from kubetune.api.trial import TrialState
from kubetune.controller import pods
from kubetune.controller.book import Book
from kubetune.controller.dependencies import Dependencies
from kubetune.controller.outcomes import judge
from kubetune.controller.pace import Pace
from kubetune.controller.snapshot import TrialView
from kubetune.errors import UnavailableError
from kubetune.kube.objects import Pod
from kubetune.record import trials
from kubetune.record.objects import identity_of
from kubetune.record.verdict import Verdict
from kubetune.trialjob.template import training_container

_log = logging.getLogger(__name__)

REREAD_PATIENCE = timedelta(minutes=5)
"""How long after a trial's end its log is asked for that its collector could not read: a kubelet or
an API server may be away for that long."""

REREAD_INTERVAL = timedelta(seconds=5)


class Judge:
    """Judges the trials of one look.

    Args:
        dependencies: What to work with.
        book: The look's trials.
        pace: When words alone were written; updated.
    """

    def __init__(self, dependencies: Dependencies, book: Book, pace: Pace) -> None:
        self._pod_logs = dependencies.pod_logs
        self._book = book
        self._pace = pace

    async def record(self, view: TrialView) -> None:
        """Record what the cluster says of a trial."""
        book = self._book
        verdict = judge(view, book.spec, rungs=book.rungs, now=book.now)
        if verdict.wants_reports and view.pod is not None:
            reread = await self._reread(view, view.pod, verdict)
            if reread is None:
                return
            verdict = reread
        status = verdict.status
        if verdict.wake_at is not None:
            book.wake_after(verdict.wake_at - book.now)
        if verdict.wants_log:
            tail = await self._pod_logs.tail(view.pod, training_container(book.spec))
            if tail:
                message = f"{status.message}\nlast lines:\n{tail}"
                status = msgspec.structs.replace(status, message=message)
        if book.spec.suspend and not TrialState(status.state).is_idle:
            status = trials.suspended(view.trial)
        uid, old = view.trial.metadata.uid, view.trial.status
        left = self._pace.time_left(uid, old, status, book.now)
        if left is not None:
            book.wake_after(left)
            return
        await book.record(view, status)

    async def _reread(self, view: TrialView, pod: Pod, verdict: Verdict) -> Verdict | None:
        """Return the verdict on a trial whose collector did not read to the end.

        None while its log cannot be had: it stays as it is, for its Job has the log.
        """
        book = self._book
        trial = identity_of(view.trial, book.key.name)
        try:
            words = await self._pod_logs.last_words(pod, book.spec, trial, book.rungs)
        except UnavailableError as error:
            if book.now < (verdict.status.completion_time or book.now) + REREAD_PATIENCE:
                book.wake_after(REREAD_INTERVAL)
                return None
            _log.warning("no log", extra={"pod": pod.metadata.name, "reason": str(error)})
            words = pods.last_words(pod)
        known = view.trial.status.observations
        if known:
            # The log of a container that printed much begins in the middle, where steps that
            # nobody names are counted anew: what its collector reported stays as it is.
            news = tuple(o for o in words.observations if o.step >= known[-1].step)
            words = replace(words, observations=news)
        return judge(view, book.spec, rungs=book.rungs, now=book.now, words=words)
