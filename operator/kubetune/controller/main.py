"""The operator's process: settings, connections, leader election, watches and workers."""

import asyncio
import logging
import os
import random  # noqa: TID251  the process is where randomness enters
import secrets
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from kubetune.controller.apply import Writer
from kubetune.controller.arguments import parse_arguments
from kubetune.controller.check import check_installation
from kubetune.controller.cluster import Cluster
from kubetune.controller.dependencies import Dependencies
from kubetune.controller.gauges import ClusterGauges
from kubetune.controller.handlers import build_registry, serve
from kubetune.controller.logs import configure_logging
from kubetune.controller.metrics import Metrics
from kubetune.controller.pod_logs import PodLogs
from kubetune.controller.queue import WorkQueue
from kubetune.controller.reconcile import Reconciler
from kubetune.controller.server import serving
from kubetune.controller.settings import Settings, SettingsError, read_settings
from kubetune.controller.workers import work
from kubetune.errors import ClusterError, LeadershipLostError
from kubetune.kube.client import Client
from kubetune.kube.events import Recorder
from kubetune.kube.lease import Elector, Terms
from kubetune.kube.objects import ObjectKey

_SEEDS = 2**31
_DEEPEST_JSON = 25_000

_log = logging.getLogger(__name__)


def run(arguments: Sequence[str]) -> None:
    """Run the operator until it is told to end; the exit code says why it ended."""
    options = parse_arguments(arguments)
    try:
        settings = read_settings({**os.environ, **options.settings}, hostname=socket.gethostname())
    except SettingsError as error:
        sys.exit(f"kubetune: {error}")
    if options.check:
        sys.exit(asyncio.run(_check(settings)))
    configure_logging(settings.log_level)
    # The API server takes JSON of 10,000 levels; a decoder that gave up would end the process, and
    # end it again at each start.
    sys.setrecursionlimit(_DEEPEST_JSON)
    try:
        asyncio.run(_main(settings))
    except LeadershipLostError as error:
        # At once: another operator may act from now on, and ours must not.
        _log.error("leadership lost", extra={"reason": str(error)})
        logging.shutdown()
        os._exit(1)
    except ClusterError as error:
        sys.exit(f"kubetune: {error}")


async def _check(settings: Settings) -> int:
    async with await Client.connect() as client:
        return await check_installation(client, settings, now=_now, say=sys.stdout.write)


async def _main(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    metrics = Metrics()
    async with await Client.connect(on_request=metrics.count_request) as client:
        operator = Operator(settings, client, metrics, stop)
        async with serving(
            settings.port,
            registry=metrics.registry,
            is_healthy=lambda: True,
            is_ready=operator.is_ready,
        ) as port:
            _log.info("serving", extra={"port": port, "identity": settings.identity})
            await operator.run()


class Operator:
    """One operator process, leading or waiting to lead."""

    def __init__(
        self, settings: Settings, client: Client, metrics: Metrics, stop: asyncio.Event
    ) -> None:
        self._settings = settings
        self._client = client
        self._metrics = metrics
        self._stop = stop
        self._leads = False
        self._elector: Elector | None = None
        self._watching = asyncio.Event()
        self._queue: WorkQueue[ObjectKey] = WorkQueue()
        self._cluster = Cluster(
            client,
            namespaces=settings.namespaces,
            enqueue=self._queue.add,
            jitter=random.random,
            on_trial_change=lambda old, new: metrics.count_trial_change(old, new, _now()),
            on_job_change=metrics.count_job_change,
        )
        metrics.follow(lambda: len(self._queue))
        metrics.registry.register(ClusterGauges(self._cluster, now=_now))

    def is_ready(self) -> bool:
        """True when it works, or stands by for another that leads.

        Not before it knows which: an operator without its rights is never ready.
        """
        if self._leads:
            return self._cluster.is_synced and self._watching.is_set()
        return self._elector is not None and self._elector.stands_by

    async def run(self) -> None:
        """Lead, when it is our turn, until told to end.

        Raises:
            LeadershipLostError: Another operator leads now.
        """
        if self._settings.leader_election:
            self._elector = Elector(
                self._client,
                namespace=self._settings.lease_namespace,
                name=self._settings.lease_name,
                # A restarted container keeps its pod's name, and must not inherit its lease.
                identity=f"{self._settings.identity}_{secrets.token_hex(4)}",
                now=_now,
                terms=_terms(self._settings.lease_seconds),
            )
            working = asyncio.create_task(self._elector.run(self._lead))
        else:
            working = asyncio.create_task(self._lead())
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not working.done():
            working.cancel()
        with suppress(asyncio.CancelledError):
            await working

    async def _lead(self) -> None:
        self._leads = True
        self._metrics.is_leader.set(1)
        recorder = Recorder(self._client, instance=self._settings.identity, now=_now)
        reconciler = Reconciler(
            Dependencies(
                client=self._client,
                cluster=self._cluster,
                writer=Writer(self._client, self._cluster, sidecar=self._settings.sidecar),
                pod_logs=PodLogs(self._client),
                recorder=recorder,
                metrics=self._metrics,
                sidecar=self._settings.sidecar,
                role_kind=self._settings.role_kind,
                now=_now,
                draw_seed=lambda: secrets.randbelow(_SEEDS),
            )
        )
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(recorder.run())
                group.create_task(self._cluster.run())
                await self._cluster.synced()
                # Only now may TuningJobs come in: a look needs their trials.
                group.create_task(self._watch_tuning_jobs())
                group.create_task(
                    work(self._queue, reconciler, self._metrics, workers=self._settings.workers)
                )
        finally:
            self._queue.close()
            await recorder.flush()

    async def _watch_tuning_jobs(self) -> None:
        registry = build_registry(self._cluster, self._queue.add)
        await serve(
            registry,
            namespaces=self._settings.namespaces,
            stop=asyncio.Event(),
            ready=self._watching,
        )
        if not self._stop.is_set():
            raise ClusterError(0, "the watch of TuningJobs ended")


def _terms(seconds: int) -> Terms:
    """Return the terms of a lease of that length, in Kubernetes' usual proportions."""
    return Terms(duration=seconds, renew_deadline=seconds * 2 / 3, retry=seconds * 2 / 15)


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  the process is where the clock enters
