"""`kubetune validate`: what is wrong with a manifest and where, or what it would run; offline."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import yaml

from kubetune.cli.exits import CommandError, ExitCode
from kubetune.cli.manifest import Document, ManifestError, read_documents
from kubetune.cli.verdict import Complaint, Verdict, judge

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Where things are said.

    Attributes:
        verdicts: For verdicts, faults and notes.
        results: For plans and sample Jobs.
        with_plans: Whether plans are said at all.
        with_jobs: Whether sample Jobs are.
    """

    verdicts: TextIO
    results: TextIO
    with_plans: bool
    with_jobs: bool


def validate(
    filenames: Sequence[str], *, output: str, quiet: bool, stdin: TextIO, out: TextIO
) -> ExitCode:
    """Check every TuningJob of the files.

    Args:
        filenames: Files to read; `-` is standard input.
        output: "text", or "yaml" for the sample Jobs alone, verdicts going to standard error.
        quiet: Verdicts only.
        stdin: Standard input.
        out: Where to.

    Raises:
        CommandError: A file cannot be read, or there is no TuningJob in them.
    """
    pages = Pages(
        verdicts=out if output == "text" else sys.stderr,
        results=out,
        with_plans=output == "text" and not quiet,
        with_jobs=not quiet,
    )
    verdicts = [
        verdict
        for filename in filenames
        for verdict in _file(filename, read_text(filename, stdin), pages)
    ]
    if not verdicts:
        raise CommandError(ExitCode.FAILED, f"there is no TuningJob in {', '.join(filenames)}")
    faulty = any(verdict is None or verdict.complaints for verdict in verdicts)
    return ExitCode.FAILED if faulty else ExitCode.OK


def read_text(filename: str, stdin: TextIO) -> str:
    """Return what is in a file; `-` is standard input.

    Raises:
        CommandError: It cannot be read.
    """
    try:
        if filename == STANDARD_INPUT:
            return stdin.read()
        return Path(filename).read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(ExitCode.USAGE, f"cannot read {filename}: {reason}") from None
    except UnicodeDecodeError as error:
        raise CommandError(ExitCode.FAILED, f"{filename} is not text in UTF-8: {error}") from None


def _file(filename: str, text: str, pages: Pages) -> Iterator[Verdict | None]:
    """Yield a verdict for each TuningJob, None for a file that is not YAML."""
    name = "standard input" if filename == STANDARD_INPUT else filename
    try:
        documents = read_documents(text)
    except ManifestError as error:
        pages.verdicts.write(f"{name}: not YAML\n  line {error.line}: {error.message}\n")
        yield None
        return
    for document in documents:
        kind = _kind(document)
        if kind != "TuningJob":
            pages.verdicts.write(f"{name}: line {document.line}: {kind} is left out\n")
            continue
        verdict = judge(document)
        _say(name, verdict, pages)
        yield verdict


def _kind(document: Document) -> str:
    if not isinstance(document.body, dict):
        return "a document that is no object"
    return str(document.body.get("kind") or "an object without kind")


def _say(filename: str, verdict: Verdict, pages: Pages) -> None:
    title = f"{filename}: TuningJob {verdict.name}".rstrip()
    if verdict.complaints:
        pages.verdicts.writelines(f"{line}\n" for line in told(title, verdict.complaints))
        return
    pages.verdicts.write(f"{title}: valid\n")
    if pages.with_plans:
        pages.results.writelines(f"  {title:<7} {words}\n" for title, words in verdict.plan)
    if pages.with_jobs and verdict.job is not None:
        heading = "# The Job of the first trial:\n" if pages.with_plans else ""
        pages.results.write(f"---\n{heading}{_yaml(verdict.job)}")


def told(title: str, complaints: Sequence[Complaint]) -> Iterator[str]:
    """Yield the lines that tell of faults."""
    count = len(complaints)
    yield f"{title}: {count} {'fault' if count == 1 else 'faults'}"
    for complaint in complaints:
        yield f"  line {complaint.line}: {complaint.message}"


def _yaml(value: dict[str, Any]) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    """Writes values that stand in several places several times, as no reader expects aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True
