"""`kubetune explain`: the story of a job, or of one of its trials, in plain words.

From the cluster, from what `kubectl get -o yaml` wrote to a file while the cluster was there, or
from what `kubetune run` keeps.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from shlex import quote
from typing import TextIO

from kubetune.cli.access import Target, opened
from kubetune.cli.exits import CommandError, ExitCode
from kubetune.cli.kept import (
    Body,
    converted,
    job_in,
    kind_of,
    name_of,
    quoted_directory,
    read_objects,
)
from kubetune.cli.objects import Trial, TuningJob
from kubetune.cli.render.advice import Place
from kubetune.cli.render.job_story import job_story
from kubetune.cli.render.page import listed
from kubetune.cli.render.trial_story import trial_story
from kubetune.cli.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainOptions:
    """What is to be explained.

    Attributes:
        name: Name of the TuningJob; None for the only one of a file.
        trial: Name or index of one of its trials; None for the job.
        filename: What `kubectl get` wrote, or a directory of `kubetune run`; None for the cluster.
    """

    name: str | None
    trial: str | None = None
    filename: str | None = None


async def explain(
    target: Target, options: ExplainOptions, *, stdin: TextIO, out: TextIO, now: datetime
) -> ExitCode:
    """Tell the story.

    Args:
        target: Which cluster; unused with a file.
        options: What is to be explained.
        stdin: Standard input, for the file `-`.
        out: Where to.
        now: Until when a job that goes on is told.

    Raises:
        CommandError: The job, the trial or the file is not there, or the file is not readable.
    """
    place = Place(target.flags)
    if options.filename is not None:
        place = Place(
            (f"-f {quote(options.filename)}",),
            is_file=True,
            directory=quoted_directory(options.filename),
        )
        objects = read_objects(options.filename, stdin)
        body = job_in(options.filename, objects, options.name)
        trials = [converted(o, Trial, options.filename) for o in objects if kind_of(o) == "Trial"]
        own = [trial for trial in trials if _is_of(trial, body)]
    elif options.name is not None:
        async with opened(target) as access:
            body = await access.body(options.name)
            own = await access.trials(options.name)
    else:
        raise CommandError(ExitCode.USAGE, "which TuningJob? Give its NAME, or a file with -f")
    where = options.filename or "the cluster's answer"
    snapshot = Snapshot.of(converted(body, TuningJob, where), own)
    spec = body.get("spec")
    if options.trial is None:
        fields = spec if isinstance(spec, Mapping) else {}
        text = job_story(snapshot, fields, now=now, place=place)
    else:
        text = trial_story(snapshot, _trial_of(snapshot, options.trial), now=now, place=place)
    out.write(text)
    return ExitCode.OK


def _is_of(trial: Trial, body: Body) -> bool:
    owner = trial.metadata.controller
    return owner is None or owner.name == name_of(body)


def _trial_of(snapshot: Snapshot, wanted: str) -> Trial:
    for trial in snapshot.trials:
        if wanted in (trial.metadata.name, str(trial.spec.index)):
            return trial
    names = [trial.metadata.name for trial in snapshot.trials]
    there = f"there are: {listed(names, most=10)}" if names else "it has none yet"
    raise CommandError(
        ExitCode.NOT_FOUND,
        f"TuningJob {snapshot.job.metadata.name!r} has no trial {wanted!r} in its present run; "
        f"{there}",
    )
