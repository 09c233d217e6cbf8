"""Recording what the cluster says of trials, with their logs where it says too little."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import msgspec

from kubetune.api.trial import TrialState
from kubetune.controller import pods
from kubetune.controller.book import Book
from kubetune.controller.dependencies import Dependencies
from kubetune.controller.outcomes import judge
from kubetune.controller.pace import Pace
from kubetune.controller.refusals import Refusals
from kubetune.controller.snapshot import TrialView
from kubetune.errors import UnavailableError
from kubetune.kube.objects import Observation, Pod
from kubetune.record import trials
from kubetune.record.objects import identity_of
from kubetune.record.observations import NO_WORDS, LastWords
from kubetune.trialjob.template import training_container

_log = logging.getLogger(__name__)

REREAD_PATIENCE = timedelta(minutes=5)
"""How long a log is asked for that a trial's collector could not read: a kubelet or an API server
may be away for that long. From the first time on, for the operator may have been away as well."""

REREAD_INTERVAL = timedelta(seconds=5)


class Judge:
    """Judges the trials of one look.

    Args:
        dependencies: What to work with.
        book: The look's trials.
        pace: When words alone were written; updated.
        unread: Trials whose log cannot be had; updated.
    """

    def __init__(
        self, dependencies: Dependencies, book: Book, *, pace: Pace, unread: Refusals
    ) -> None:
        self._pod_logs = dependencies.pod_logs
        self._book = book
        self._pace = pace
        self._unread = unread

    async def record(self, view: TrialView) -> None:
        """Record what the cluster says of a trial."""
        book = self._book
        verdict = judge(view, book.spec, rungs=book.rungs, now=book.now)
        if verdict.wants_reports and view.pod is not None:
            words = await self._reread(view, view.pod)
            if words is None:
                return
            verdict = judge(view, book.spec, rungs=book.rungs, now=book.now, words=words)
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

    async def _reread(self, view: TrialView, pod: Pod) -> LastWords | None:
        """Return what a trial reported whose collector did not read to the end.

        None while its log cannot be had: it stays as it is, for its Job has the log.
        """
        book, uid = self._book, view.trial.metadata.uid
        left = self._unread.time_left(uid, book.now)
        if left is not None:
            book.wake_after(left)
            return None
        trial = identity_of(view.trial, book.key.name)
        try:
            read = await self._pod_logs.last_words(pod, book.spec, trial, book.rungs)
        except UnavailableError as error:
            if book.now < self._unread.note(uid, book.now) + REREAD_PATIENCE:
                book.wake_after(REREAD_INTERVAL)
                return None
            _log.warning("no log", extra={"pod": pod.metadata.name, "reason": str(error)})
            read = NO_WORDS
        else:
            self._unread.forget(uid)
        return _together(pods.last_words(pod), read, view.trial.status.observations)


def _together(said: LastWords, read: LastWords, known: Sequence[Observation]) -> LastWords:
    """Return what the collector said in the end together with what was read in its place.

    The log of a container that printed much begins in the middle, where steps that nobody names are
    counted anew. So what the collector reported, `known`, and what it said stay as they are.
    """
    begin = known[-1].step if known else 0
    news = (o for o in read.observations if o.step >= begin)
    return replace(read, observations=(*news, *said.observations), tail=read.tail or said.tail)
