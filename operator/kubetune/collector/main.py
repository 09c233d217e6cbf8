"""Wires the collector together: a thread that reads, a loop that parses and reports, signals.

    reader thread (blocks in read) ──► inbox (bounded) ──► loop: parse, publish when due, end
    signal handler ──────────────────────┘

The loop ends when the source has ended and everything is published, or when a deadline is over.
SIGTERM comes from the kubelet after the training container has ended: then the rest is read and
published within a few seconds. Whatever happens, the termination message is written.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import quote

from kubetune.collector.api import Connect, in_cluster
from kubetune.collector.collect import Collection
from kubetune.collector.follow import Follower
from kubetune.collector.guard import guarded
from kubetune.collector.loop import Inbox, Loop
from kubetune.collector.parse import finder
from kubetune.collector.report import Reporter
from kubetune.collector.settings import Settings, SettingsError, read_settings
from kubetune.collector.tail import FileTail

COMPLETION_INDEX = "JOB_COMPLETION_INDEX"
"""Set by Kubernetes in the pods of an Indexed Job."""

REPORTING = "0"
"""The completion index whose pod reports for the trial."""


class Source(Protocol):
    """Reads the training output until it has ended; after `stopping` is set, soon."""

    def run(self, stopping: threading.Event) -> None:
        """Block until the end, handing on what is read."""


def run(
    environ: Mapping[str, str] = os.environ,
    *,
    connect: Connect | None = None,
    token: Callable[[], str] | None = None,
) -> int:
    """Collect until the training has ended.

    Args:
        environ: The environment variables; see `settings`.
        connect: Opens connections to the API server; None: as every pod does.
        token: Returns the bearer token; None: as every pod does.

    Returns:
        The process's exit code: 0, or 1 after a bug or a bad setting. Never more, whatever the API
        server says: the kubelet would start the collector again, and nothing would be better.
    """
    inbox = Inbox()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: inbox.signal(Inbox.STOP))
    try:
        settings = read_settings(environ)
    except SettingsError as error:
        _log(str(error))
        return 1
    if environ.get(COMPLETION_INDEX, REPORTING) != REPORTING:
        _log(f"the pod of completion index {REPORTING} reports for this trial, and not this one")
        # The kubelet would start it again if it ended by itself.
        inbox.get(None)
        return 0
    credentials = in_cluster(environ)
    return _collect(
        settings, inbox, connect=connect or credentials.connect, token=token or credentials.token
    )


def _collect(
    settings: Settings, inbox: Inbox, *, connect: Connect, token: Callable[[], str]
) -> int:
    reporter = Reporter(
        f"/apis/kubetune.dev/v1alpha1/namespaces/{quote(settings.namespace)}"
        f"/trials/{quote(settings.trial)}/status",
        connect=connect,
        token=token,
        log=_log,
    )
    find = finder(settings.metrics, settings.patterns)
    collection = Collection(
        settings,
        find=guarded(find, _log) if settings.patterns else find,
        now=lambda: datetime.now(UTC),  # noqa: TID251 (the rim: here clocks are made)
        on_report=lambda urgent: reporter.note(urgent=urgent),
    )
    stopping = threading.Event()
    source = _source(settings, inbox, connect=connect, token=token)
    reader = _Reader(source, inbox, stopping)
    loop = Loop(inbox, collection, reporter, stopping)
    try:
        reader.start()
        loop.run()
    finally:
        is_whole = loop.is_whole and not reader.failed
        _write(settings.termination_log, collection.last_words(whole=is_whole))
        reporter.close()
    return 1 if reader.failed else 0


def _source(
    settings: Settings, inbox: Inbox, *, connect: Connect, token: Callable[[], str]
) -> Source:
    if settings.path is not None:
        return FileTail(settings.path, emit=inbox.put, log=_log)
    return Follower(
        f"/api/v1/namespaces/{quote(settings.namespace)}/pods/{quote(settings.pod)}/log",
        settings.container,
        connect=connect,
        token=token,
        emit=inbox.put,
        log=_log,
    )


class _Reader(threading.Thread):
    """The thread in which the source blocks; the process does not wait for it."""

    def __init__(self, source: Source, inbox: Inbox, stopping: threading.Event) -> None:
        super().__init__(name="reader", daemon=True)
        self.failed = False
        self._source = source
        self._inbox = inbox
        self._stopping = stopping

    def run(self) -> None:
        try:
            self._source.run(self._stopping)
        except Exception as error:  # noqa: BLE001 (whatever it is, the loop must not wait for ever)
            self.failed = True
            _log(f"reading the output failed: {type(error).__name__}: {error}")
        finally:
            self._inbox.signal(Inbox.END)


def _write(path: str, message: bytes) -> None:
    try:
        with open(path, "wb") as file:  # noqa: PTH123 (pathlib costs import time)
            file.write(message)
    except OSError as error:
        _log(f"cannot write the termination message: {error}")


def _log(message: str) -> None:
    sys.stderr.write(f"kubetune-collector: {message}\n")
    sys.stderr.flush()
