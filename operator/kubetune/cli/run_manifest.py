"""The one TuningJob that `kubetune run` is given, and whether a machine can run it."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from kubetune.api.validation import parse_spec
from kubetune.cli.exits import CommandError, ExitCode
from kubetune.cli.manifest import Document, ManifestError, read_documents
from kubetune.cli.validate import STANDARD_INPUT, read_text
from kubetune.cli.verdict import Complaint
from kubetune.local.workshop import missing_command


def document_of(filename: str, stdin: TextIO) -> Document:
    """Return the one TuningJob of a file.

    Raises:
        CommandError: There is none, or more than one, or it is not YAML.
    """
    shown = "standard input" if filename == STANDARD_INPUT else filename
    try:
        documents = read_documents(read_text(filename, stdin))
    except ManifestError as error:
        raise CommandError(ExitCode.FAILED, f"{shown} is not YAML: {error}") from None
    found = [
        document
        for document in documents
        if isinstance(document.body, dict) and document.body.get("kind") == "TuningJob"
    ]
    if len(found) != 1:
        raise CommandError(
            ExitCode.USAGE,
            f"there are {len(found) or 'no'} TuningJobs in {shown}; kubetune run wants one",
        )
    return found[0]


def local_complaints(document: Document) -> Sequence[Complaint]:
    """Return what keeps a valid TuningJob from being run on a machine."""
    found = []
    metadata = document.body["metadata"]
    if not metadata.get("name"):
        message = "metadata.name is missing: a generated name would be another one every time"
        found.append(Complaint(line=document.line_of("metadata"), message=message))
    fault = missing_command(parse_spec(document.body["spec"]))
    if fault is not None:
        found.append(Complaint(line=document.line_of(fault.path), message=fault.message))
    return found


def with_workers(body: Mapping[str, Any], workers: int) -> dict[str, Any]:
    """Return the TuningJob with so many trials at the same time."""
    limits = {**(body["spec"].get("limits") or {}), "maxParallelTrials": workers}
    return {**body, "spec": {**body["spec"], "limits": limits}}


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
