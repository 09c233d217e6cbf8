"""`kubetune explain`: the story of a job, or of one of its trials, in plain words.

From the cluster, or from what `kubectl get -o yaml` wrote to a file while the cluster was there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import msgspec

from kubetune.cli.access import Target, opened
from kubetune.cli.exits import CommandError, ExitCode
from kubetune.cli.manifest import ManifestError, read_documents
from kubetune.cli.objects import Trial, TuningJob
from kubetune.cli.render.job_story import job_story
from kubetune.cli.render.page import listed
from kubetune.cli.render.trial_story import trial_story
from kubetune.cli.snapshot import Snapshot

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainOptions:
    """What is to be explained.

    Attributes:
        name: Name of the TuningJob; None for the only one of a file.
        trial: Name or index of one of its trials; None for the job.
        filename: What `kubectl get` wrote; None for the cluster.
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
    if options.filename is not None:
        objects = _objects(_read(options.filename, stdin), options.filename)
        body = _job_in(objects, options)
        trials = [_converted(o, Trial, options.filename) for o in objects if _kind(o) == "Trial"]
        own = [trial for trial in trials if _is_of(trial, body)]
    elif options.name is not None:
        async with opened(target) as access:
            body = await access.body(options.name)
            own = await access.trials(options.name)
    else:
        raise CommandError(ExitCode.USAGE, "which TuningJob? Give its NAME, or a file with -f")
    where = options.filename or "the cluster's answer"
    snapshot = Snapshot.of(_converted(body, TuningJob, where), own)
    spec = body.get("spec")
    if options.trial is None:
        text = job_story(snapshot, spec if isinstance(spec, Mapping) else {}, now=now)
    else:
        text = trial_story(snapshot, _trial_of(snapshot, options.trial), now=now)
    out.write(text)
    return ExitCode.OK


def _read(filename: str, stdin: TextIO) -> str:
    try:
        if filename == STANDARD_INPUT:
            return stdin.read()
        return Path(filename).read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(ExitCode.USAGE, f"cannot read {filename}: {reason}") from None
    except UnicodeDecodeError as error:
        raise CommandError(ExitCode.USAGE, f"{filename} is not text in UTF-8: {error}") from None


def _objects(text: str, filename: str) -> list[Any]:
    """All objects of a file, those in lists included."""
    try:
        documents = [document.body for document in read_documents(text)]
    except ManifestError as error:
        raise CommandError(ExitCode.USAGE, f"{filename} is not YAML: {error}") from None
    found: list[Any] = []
    for document in documents:
        items = document.get("items") if isinstance(document, Mapping) else None
        found.extend(items if isinstance(items, list) else [document])
    return found


def _kind(body: Any) -> str:
    return str(body.get("kind")) if isinstance(body, Mapping) else ""


def _name(body: Mapping[str, Any]) -> str:
    metadata = body.get("metadata")
    return str(metadata.get("name")) if isinstance(metadata, Mapping) else ""


def _job_in(objects: Iterable[Any], options: ExplainOptions) -> Mapping[str, Any]:
    jobs: dict[str, Mapping[str, Any]] = {
        _name(body): body for body in objects if _kind(body) == "TuningJob"
    }
    if options.name is None and len(jobs) == 1:
        return next(iter(jobs.values()))
    if options.name is not None and options.name in jobs:
        return jobs[options.name]
    there = f"there are: {listed(sorted(jobs), most=10)}" if jobs else "there is none in it"
    wanted = (
        f"no TuningJob {options.name!r}" if options.name else "more than one TuningJob, or none"
    )
    raise CommandError(
        ExitCode.NOT_FOUND,
        f"{options.filename} has {wanted}; {there}. Write one with: kubectl get tuningjobs,trials "
        "-o yaml",
    )


def _converted(body: Any, kind: Any, where: str) -> Any:
    try:
        return msgspec.convert(body, type=kind)
    except msgspec.ValidationError as error:
        raise CommandError(
            ExitCode.USAGE, f"{where}: {_kind(body)} {_name(body)} cannot be read: {error}"
        ) from None


def _is_of(trial: Trial, body: Mapping[str, Any]) -> bool:
    owner = trial.metadata.controller
    return owner is None or owner.name == _name(body)


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
