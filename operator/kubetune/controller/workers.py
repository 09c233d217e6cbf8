"""Workers take keys from the queue and look at them, until they are cancelled."""

import asyncio
import logging
from time import perf_counter
from typing import NoReturn

from kubetune.controller.metrics import Metrics
from kubetune.controller.queue import WorkQueue
from kubetune.controller.reconcile import Reconciler
from kubetune.errors import ClusterError, ConflictError
from kubetune.kube.objects import ObjectKey

_log = logging.getLogger(__name__)


async def work(
    queue: WorkQueue[ObjectKey], reconciler: Reconciler, metrics: Metrics, *, workers: int
) -> None:
    """Run that many workers until cancelled."""
    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(_worker(queue, reconciler, metrics))


async def _worker(
    queue: WorkQueue[ObjectKey], reconciler: Reconciler, metrics: Metrics
) -> NoReturn:
    while True:
        key = await queue.get()
        began = perf_counter()
        result = "ok"
        try:
            wake_after = await reconciler.reconcile(key)
            queue.forget_failures(key)
            if wake_after is not None:
                queue.add_after(key, wake_after.total_seconds())
        except ConflictError:
            # The watch was a little late, or a user was faster: no trouble.
            result = "conflict"
            queue.retry(key)
        except ClusterError as error:
            result = "retry"
            delay = queue.retry(key)
            _log.warning(
                "look again later", extra={"job": key, "reason": str(error), "seconds": delay}
            )
        except Exception:  # noqa: BLE001  see below
            # A fault of ours with one job must not end the others; it is logged and counted.
            result = "fault"
            queue.retry(key)
            _log.exception("look failed", extra={"job": key})
        finally:
            queue.done(key)
            metrics.reconcile_seconds.labels(result).observe(perf_counter() - began)
