"""Reads what pods printed: the last lines for a message, or all of it where a collector could not.

A collector may live for a few seconds after the training, so an API server that is away for longer
keeps it from the log. The log outlives it, until the pod is deleted.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.errors import ClusterError, UnavailableError
from kubetune.kube.client import Client
from kubetune.kube.objects import Pod
from kubetune.kube.paths import PODS
from kubetune.record.observations import NO_WORDS, LastWords, read_last_words
from kubetune.trialjob.collector import collector_environment
from kubetune.trialjob.identity import TrialIdentity
from kubetune.trialjob.template import training_container

_log = logging.getLogger(__name__)

_LOG_LINES = 10
# A progress bar can be one line of many megabytes.
_LOG_BYTES = 16384

WHOLE_LOG_BYTES = 16 * 1024 * 1024
"""More than the kubelet lets a log grow to before it begins another, 10 MiB."""

_READING_SECONDS = 60.0

Read = Callable[[bytes, Mapping[str, str]], Awaitable[bytes]]
"""Takes a log and the collector's environment; returns its last words, b"" if there are none."""


async def read_apart(log: bytes, environment: Mapping[str, str]) -> bytes:
    """Have a process of its own read a log: neither it nor the expressions are to be trusted."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "kubetune.collector.reread",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, **environment},
    )
    try:
        async with asyncio.timeout(_READING_SECONDS):
            words, _ = await process.communicate(log)
    except TimeoutError:
        return b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return words


class PodLogs:
    """Reads the logs of trials' pods.

    Args:
        client: To ask with.
        read: Reads the metrics in a log.
    """

    def __init__(self, client: Client, *, read: Read = read_apart) -> None:
        self._client = client
        self._read = read
        # An API server that comes back may have kept many collectors from their logs.
        self._turn = asyncio.Semaphore(1)

    async def tail(self, pod: Pod | None, container: str) -> str:
        """Return the last lines that a container printed; "" when they can't be had."""
        if pod is None:
            return ""
        try:
            answer = await self._ask(
                pod, container=container, tailLines=_LOG_LINES, limitBytes=_LOG_BYTES
            )
        except ClusterError as error:
            _log.info("no log", extra={"pod": pod.metadata.name, "reason": str(error)})
            return ""
        return answer.decode(errors="replace").strip()

    async def last_words(
        self, pod: Pod, spec: TuningJobSpec, trial: TrialIdentity, rungs: Sequence[int]
    ) -> LastWords:
        """Return what the collector of a pod would have said, had it read the log to its end.

        Raises:
            UnavailableError: The log can't be had now; later, perhaps.
        """
        environment = collector_environment(spec, trial, rungs=rungs, pod=pod.metadata.name)
        async with self._turn:
            try:
                log = await self._whole(pod, training_container(spec))
            except UnavailableError:
                raise
            except ClusterError as error:
                _log.info("no log", extra={"pod": pod.metadata.name, "reason": str(error)})
                return NO_WORDS
            words = read_last_words((await self._read(log, environment)).decode())
        _log.info(
            "log read in place of the collector",
            extra={"pod": pod.metadata.name, "observations": len(words.observations)},
        )
        return words

    async def _whole(self, pod: Pod, container: str) -> bytes:
        """Return a log; of one that is too long the beginning and the end."""
        query: dict[str, str | int] = {
            "container": container,
            "timestamps": "true",
            "limitBytes": WHOLE_LOG_BYTES,
        }
        log = await self._ask(pod, **query)
        if len(log) < WHOLE_LOG_BYTES:
            return log
        # The limit cuts the end off, so ask for far fewer lines than went into it.
        lines = max(log.count(b"\n") // 4, 1)
        return log + b"\n" + await self._ask(pod, **query, tailLines=lines)

    async def _ask(self, pod: Pod, **query: str | int) -> bytes:
        path = PODS.path(pod.metadata.namespace, pod.metadata.name, "log")
        return await self._client.request("GET", path, query=query)
