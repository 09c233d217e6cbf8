"""Objects outside a cluster: what `kubectl get -o yaml` wrote, or what `kubetune run` keeps."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from shlex import quote
from typing import Any, TextIO

import msgspec

from kubetune.cli import manifest
from kubetune.cli.exits import CommandError, ExitCode
from kubetune.cli.manifest import ManifestError
from kubetune.cli.render.page import listed
from kubetune.cli.validate import read_text
from kubetune.local.store import Store, StoreError

Body = Mapping[str, Any]
"""An object as JSON."""


def read_objects(place: str, stdin: TextIO) -> list[Body]:
    """Return the objects of a file or of a directory of `kubetune run`; those of lists one by one.

    Args:
        place: File or directory; `-` is standard input.
        stdin: Standard input.

    Raises:
        CommandError: It cannot be read.
    """
    if Path(place).is_dir():
        try:
            return list(Store(Path(place)).objects())
        except StoreError as error:
            raise CommandError(ExitCode.USAGE, str(error)) from None
    try:
        documents = manifest.read_objects(read_text(place, stdin))
    except ManifestError as error:
        raise CommandError(ExitCode.FAILED, f"{place}: neither YAML nor JSON: {error}") from None
    return list(_flat(documents))


def quoted_directory(place: str) -> str | None:
    """Return a directory of `kubetune run` quoted for a shell; None for a file."""
    return quote(str(Path(place))) if Path(place).is_dir() else None


def job_in(place: str, objects: Iterable[Body], name: str | None) -> Body:
    """Return the TuningJob of that name; the only one if none is asked for.

    Raises:
        CommandError: There is no such one, or the name is wanted to tell several apart.
    """
    jobs = {name_of(body): body for body in objects if kind_of(body) == "TuningJob"}
    if name is None and len(jobs) == 1:
        return next(iter(jobs.values()))
    if name is not None and name in jobs:
        return jobs[name]
    there = f"there are: {listed(sorted(jobs), most=10)}" if jobs else "there is none in it"
    wanted = f"no TuningJob {name!r}" if name else "more than one TuningJob, or none"
    raise CommandError(
        ExitCode.NOT_FOUND,
        f"{place} has {wanted}; {there}. Write one with: kubectl get tuningjobs,trials -o yaml",
    )


def converted(body: Body, kind: Any, where: str) -> Any:
    """Return an object as the command line shows it.

    Raises:
        CommandError: It is something else.
    """
    try:
        return msgspec.convert(body, type=kind)
    except msgspec.ValidationError as error:
        raise CommandError(
            ExitCode.USAGE, f"{where}: {kind_of(body)} {name_of(body)} cannot be read: {error}"
        ) from None


def kind_of(body: Body) -> str:
    """Return the kind of an object; empty if it has none."""
    return str(body.get("kind") or "")


def name_of(body: Body) -> str:
    """Return the name of an object; empty if it has none."""
    metadata = body.get("metadata")
    return str(metadata.get("name")) if isinstance(metadata, Mapping) else ""


def _flat(documents: Iterable[Any]) -> Iterator[Body]:
    for document in documents:
        if isinstance(document, list):
            yield from _flat(document)
        elif isinstance(document, Mapping):
            items = document.get("items")
            yield from _flat(items) if isinstance(items, list) else iter((document,))
