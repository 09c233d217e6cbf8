"""What keeps a TuningJob's trials from going on, as far as its pods and Jobs show it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from kubetune.controller import pods
from kubetune.controller.book import Book
from kubetune.controller.outcomes import SUSPENDED_BY_TEMPLATE
from kubetune.controller.snapshot import TrialView
from kubetune.kube.objects import Pod

STUCK_AFTER = timedelta(seconds=60)
"""How long after its grace period a pod may take to go before the TuningJob says so."""


def stuck_pod(
    book: Book, *, earlier: Iterable[TrialView] = (), strays: Mapping[str, Sequence[Pod]]
) -> str | None:
    """Say which pod does not go, though it was deleted; None if there is none.

    Args:
        book: The look's trials.
        earlier: Trials of earlier runs, whose pods keep this one from beginning.
        strays: Pods of each trial that was deleted, by its name.
    """
    slot = "its place of limits.maxParallelTrials is not free"
    for views, consequence in (
        (earlier, "no trial of this run can start"),
        (book.views.values(), slot),
    ):
        for view in views:
            said = _stuck(book, view.trial.metadata.name, view.pods, consequence)
            if said is not None:
                return said
    said_of = (_stuck(book, trial, own, slot) for trial, own in sorted(strays.items()))
    return next((said for said in said_of if said is not None), None)


def _stuck(book: Book, trial: str, own: Iterable[Pod], consequence: str) -> str | None:
    for pod in own:
        due = pods.overdue_since(pod)
        if due is None:
            continue
        if book.now >= due + STUCK_AFTER:
            metadata = pod.metadata
            return (
                f"pod {metadata.name} of trial {trial} was deleted and does not terminate, so "
                f"{consequence}: is node {pod.spec.node_name} lost? kubectl delete pod "
                f"-n {metadata.namespace} {metadata.name} --force frees it"
            )
        book.wake_after(due + STUCK_AFTER - book.now)
    return None


def suspended_jobs(book: Book) -> str | None:
    """Say that all trials wait for somebody to resume their Jobs; None if that is not so."""
    waiting = [view.trial.status for view in book.unfinished()]
    if not waiting or any(status.reason != SUSPENDED_BY_TEMPLATE for status in waiting):
        return None
    return waiting[0].message
