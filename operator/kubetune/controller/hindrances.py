"""What keeps a TuningJob's trials from going on, as far as its pods and Jobs show it."""

from datetime import timedelta

from kubetune.controller import pods
from kubetune.controller.book import Book
from kubetune.controller.outcomes import SUSPENDED_BY_TEMPLATE

STUCK_AFTER = timedelta(seconds=60)
"""How long after its grace period a pod may take to go before the TuningJob says so."""


def stuck_pod(book: Book) -> str | None:
    """Say which pod does not go, though it was deleted; None if there is none."""
    for view in book.views.values():
        for pod in view.pods:
            due = pods.overdue_since(pod)
            if due is None:
                continue
            if book.now >= due + STUCK_AFTER:
                return (
                    f"pod {pod.metadata.name} of trial {view.trial.metadata.name} was deleted "
                    "and does not terminate, so its place of limits.maxParallelTrials is not "
                    f"free: is node {pod.spec.node_name} lost? kubectl delete pod "
                    f"{pod.metadata.name} --force frees it"
                )
            book.wake_after(due + STUCK_AFTER - book.now)
    return None


def suspended_jobs(book: Book) -> str | None:
    """Say that all trials wait for somebody to resume their Jobs; None if that is not so."""
    waiting = [view.trial.status for view in book.unfinished()]
    if not waiting or any(status.reason != SUSPENDED_BY_TEMPLATE for status in waiting):
        return None
    return waiting[0].message
