"""`kubetune watch`: shows a job until it has ended, then what came out of it."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TextIO

from kubetune.cli.access import Access, Target, opened
from kubetune.cli.exits import CommandError, ExitCode
from kubetune.cli.follow import Follower, Link, following
from kubetune.cli.render.summary import summary
from kubetune.cli.snapshot import Snapshot
from kubetune.cli.views import LOST, Now, View, view_on
from kubetune.errors import ClusterError

TICK = 1.0
"""Seconds between redraws while nothing happens: elapsed time is shown in seconds."""

SETTLE = 0.1
"""Seconds to gather changes before a redraw: ten redraws a second look continuous."""

UNSEEN_AFTER = timedelta(seconds=10)
"""Age of a job that no operator has looked at from which on that is worth a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchOptions:
    """What to watch and how.

    Attributes:
        name: Name of the TuningJob.
        wait: Wait for a job that does not exist yet.
        plain: Lines instead of a live view, on a terminal too.
        timeout: Give up after this long; None means never.
    """

    name: str
    wait: bool = False
    plain: bool = False
    timeout: timedelta | None = None


async def watch(target: Target, options: WatchOptions, *, out: TextIO, now: Now) -> ExitCode:
    """Show the job until it has ended.

    Returns:
        OK for a job that is Complete, FAILED for one that is Failed or was refused.

    Raises:
        CommandError: No such job, it was deleted, the time is up, or the cluster fails us before
            the first look. Later failures of the cluster are waited out.
    """
    link = Link()
    view = view_on(out, name=options.name, plain=options.plain, now=now)
    limit = options.timeout.total_seconds() if options.timeout is not None else None
    async with opened(target, on_request=link.heard) as access:
        try:
            async with asyncio.timeout(limit):
                last = await _until_it_ends(access, options, link=link, view=view, now=now)
        except TimeoutError:
            raise CommandError(
                ExitCode.TIMEOUT, f"TuningJob {options.name!r} had not ended when the time was up"
            ) from None
    out.writelines(line + "\n" for line in ["", *summary(last, now=now())])
    out.flush()
    return ExitCode.FAILED if last.job.has_failed else ExitCode.OK


async def _until_it_ends(
    access: Access, options: WatchOptions, *, link: Link, view: View, now: Now
) -> Snapshot:
    if options.wait:
        await access.require_access()
    else:
        await access.job(options.name)
        await access.require_access()
    async with following(access, options.name) as follower:
        link.on_change = follower.changed.set
        with view:
            return await _show(access, options, follower, link=link, view=view, now=now)


async def _show(
    access: Access,
    options: WatchOptions,
    follower: Follower,
    *,
    link: Link,
    view: View,
    now: Now,
) -> Snapshot:
    while True:
        follower.changed.clear()
        snapshot = follower.snapshot
        if snapshot is not None and snapshot.job.has_ended:
            last = await _settled(access, snapshot)
            view.show(last, None)
            return last
        view.show(snapshot, _notice(snapshot, options, access, link=link, now=now()))
        if follower.is_gone or (snapshot is None and not options.wait):
            raise CommandError(
                ExitCode.NOT_FOUND, f"TuningJob {options.name!r} was deleted while being watched"
            )
        try:
            async with asyncio.timeout(TICK):
                await follower.changed.wait()
        except TimeoutError:
            continue
        await asyncio.sleep(SETTLE)


async def _settled(access: Access, snapshot: Snapshot) -> Snapshot:
    """The snapshot with the trials as they are now: their watch may lag behind the job's."""
    try:
        trials = await access.trials(snapshot.job.metadata.name)
    except ClusterError:
        return snapshot
    return Snapshot.of(snapshot.job, trials)


def _notice(
    snapshot: Snapshot | None, options: WatchOptions, access: Access, *, link: Link, now: datetime
) -> str | None:
    if link.is_lost:
        return LOST
    if snapshot is None:
        return f"waiting for TuningJob {options.name!r} in namespace {access.namespace!r}"
    created = snapshot.job.metadata.creation_timestamp
    if snapshot.job.status.observed_generation < 0 and created and now - created > UNSEEN_AFTER:
        return (
            "no operator has looked at it yet; is Kubetune's running? "
            "kubectl get pods -A -l app.kubernetes.io/name=kubetune"
        )
    return None
