"""`kubetune run`: a TuningJob on this machine, without a cluster; each trial is a process."""

import os
import secrets
import socket
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from shlex import join, quote
from typing import Any, TextIO

import msgspec

from kubetune.api.validation import parse_spec
from kubetune.cli import objects
from kubetune.cli.exits import CommandError, ExitCode
from kubetune.cli.libraries import demand_libraries
from kubetune.cli.manifest import Document, ManifestError, read_documents
from kubetune.cli.render.summary import summary
from kubetune.cli.snapshot import Snapshot
from kubetune.cli.validate import STANDARD_INPUT, read_text, told
from kubetune.cli.verdict import Complaint, judge
from kubetune.cli.views import Now, View, view_on
from kubetune.kube.objects import Trial
from kubetune.local.bell import Bell
from kubetune.local.limitations import limitations
from kubetune.local.look import World
from kubetune.local.opening import Opening, RefusedError, open_world
from kubetune.local.output import Reading
from kubetune.local.processes import ProcessTable
from kubetune.local.rendering import Machine
from kubetune.local.runner import Runner, Tools, body_of
from kubetune.local.store import Store, StoreError
from kubetune.local.workshop import Workshop, missing_command
from kubetune.record.objects import trial_json
from kubetune.record.status import is_finished

TICK = timedelta(seconds=1)
"""Time between redraws while nothing happens: elapsed time is shown in seconds."""

_SEEDS = 2**31


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What to run and how.

    Attributes:
        filename: The manifest; `-` is standard input.
        directory: Where everything is kept; None: .kubetune/ and the job's name.
        workdir: Where trials run; None: the current directory.
        workers: Trials at the same time; None: what the spec says, but no more than processors.
        plain: Lines instead of a live view, on a terminal too.
    """

    filename: str
    directory: str | None = None
    workdir: str | None = None
    workers: int | None = None
    plain: bool = False


def run(options: RunOptions, *, stdin: TextIO, out: TextIO, err: TextIO, now: Now) -> ExitCode:
    """Run the TuningJob of a file to its end, or until Ctrl-C.

    Args:
        options: What to run and how.
        stdin: Standard input.
        out: For the view and the result.
        err: For faults, and for what is different on this machine.
        now: The clock.

    Returns:
        OK for a job that is Complete, FAILED for one that is Failed or has a fault.

    Raises:
        CommandError: The file or the directory cannot be used.
        KeyboardInterrupt: The user wanted to go; everything is kept.
    """
    document = _document(options.filename, stdin)
    title = f"{options.filename}: TuningJob"
    complaints = judge(document).complaints or _local_complaints(document)
    if complaints:
        name = (document.body.get("metadata") or {}).get("name", "")
        err.writelines(f"{line}\n" for line in told(f"{title} {name}".rstrip(), complaints))
        return ExitCode.FAILED
    name = document.body["metadata"]["name"]
    store = Store(Path(options.directory or Path(".kubetune") / name).absolute())
    with _explained(), store.locked():
        return _run(options, store, document.body, out=out, err=err, now=now)


def _run(
    options: RunOptions,
    store: Store,
    manifest: Mapping[str, Any],
    *,
    out: TextIO,
    err: TextIO,
    now: Now,
) -> ExitCode:
    spec = parse_spec(manifest["spec"])
    demand_libraries(spec)
    wanted = spec.limits.max_parallel_trials
    workers = options.workers if options.workers is not None else min(wanted, _processors())
    manifest = _with_workers(manifest, workers)
    recorded = store.job()
    try:
        opening = open_world(
            manifest,
            recorded,
            store.trials(),
            now=now(),
            draw_seed=lambda: secrets.randbelow(_SEEDS),
            draw_uid=lambda: str(uuid.uuid4()),
        )
    except RefusedError as error:
        faults = "".join(f"\n  {fault}" for fault in error.faults)
        raise CommandError(
            ExitCode.FAILED,
            f"{options.filename} does not go with what is kept in {_shown(store.directory)}; "
            f"change it back, or choose another --directory{faults}",
        ) from None
    world = opening.world
    machine = _machine(options.workdir)
    workshop = Workshop(world, store, machine)
    if opening.note:
        err.write(f"note: {opening.note}\n")
    if not is_finished(world.status):
        _warn(world, workshop, machine, wanted=wanted, err=err)
    _save(store, opening)
    view = view_on(out, name=manifest["metadata"]["name"], plain=options.plain, now=now)
    show = _Show(view, now)
    with view, Bell() as bell:
        processes = ProcessTable(
            store,
            Reading(workshop.sidecar, now=now, log=_noting(err)),
            now=now,
            draw_uid=lambda: str(uuid.uuid4()),
        )
        processes.recover()
        tools = Tools(
            store=store,
            processes=processes,
            command=workshop.command,
            terms=workshop.terms,
            bell=bell,
            now=now,
            on_change=show,
        )
        last = Runner(tools, world).run()
        asked = bell.requests > 0
    snapshot = show.snapshot
    out.writelines(line + "\n" for line in _result(snapshot, store, options, now))
    out.flush()
    if not is_finished(last.status):
        if asked:
            raise KeyboardInterrupt
        raise CommandError(ExitCode.FAILED, "the job is suspended: set spec.suspend to false")
    return ExitCode.FAILED if snapshot.job.has_failed else ExitCode.OK


class _Show:
    """Keeps what the runner knows, and shows it: at once what is new, and the time every second."""

    def __init__(self, view: View, now: Now) -> None:
        self._view = view
        self._now = now
        self._body: Mapping[str, Any] = {}
        self._trials: dict[str, objects.Trial] = {}
        self._notice: str | None = None
        self._due = now()

    @property
    def snapshot(self) -> Snapshot:
        """What is known."""
        return Snapshot.of(msgspec.convert(self._body, objects.TuningJob), self._trials.values())

    def __call__(
        self, body: Mapping[str, Any], changed: Sequence[Trial], notice: str | None
    ) -> None:
        """Show what is known; called by the runner after every look."""
        for trial in changed:
            content = trial_json(trial, body["metadata"]["name"])
            self._trials[trial.metadata.name] = msgspec.convert(content, objects.Trial)
        is_new = bool(changed) or notice != self._notice
        self._body, self._notice, now = body, notice, self._now()
        if is_new or now >= self._due:
            self._due = now + TICK
            self._view.show(self.snapshot, notice)


def _document(filename: str, stdin: TextIO) -> Document:
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


def _local_complaints(document: Document) -> Sequence[Complaint]:
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


def _with_workers(body: Mapping[str, Any], workers: int) -> dict[str, Any]:
    """Return the TuningJob with so many trials at the same time."""
    limits = {**(body["spec"].get("limits") or {}), "maxParallelTrials": workers}
    return {**body, "spec": {**body["spec"], "limits": limits}}


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _machine(workdir: str | None) -> Machine:
    directory = Path(workdir or ".").absolute()
    if not directory.is_dir():
        raise CommandError(ExitCode.USAGE, f"{workdir} is not a directory")
    return Machine(
        environment=dict(os.environ),
        directory=str(directory),
        hostname=socket.gethostname(),
        exists=os.path.exists,
    )


def _warn(world: World, workshop: Workshop, machine: Machine, *, wanted: int, err: TextIO) -> None:
    """Say what is different here, in one list.

    Raises:
        CommandError: The command's program is not on this machine.
    """
    program = workshop.program()
    if program is None:
        raise CommandError(
            ExitCode.FAILED,
            f"{workshop.first.command.argv[0]!r} is not a program on this machine: install it, or "
            "put it into PATH",
        )
    found = list(limitations(world.spec, workshop.first, machine, program=program))
    workers = world.spec.limits.max_parallel_trials
    if workers < wanted:
        found.append(f"{workers} trials at a time and not {wanted}; --workers changes that")
    err.write("without a cluster:\n")
    err.writelines(f"  - {sentence}\n" for sentence in found)
    err.flush()


def _save(store: Store, opening: Opening) -> None:
    """Record what a call begins with: trials of an earlier run first, then the job."""
    name = opening.world.body["metadata"]["name"]
    for trial in opening.ended:
        store.save_trial(trial, name)
    store.save_job(body_of(opening.world))


def _noting(err: TextIO) -> Callable[[str], None]:
    def note(line: str) -> None:
        err.write(f"note: {line}\n")

    return note


def _result(snapshot: Snapshot, store: Store, options: RunOptions, now: Now) -> Iterator[str]:
    yield ""
    yield from summary(snapshot, now=now())
    yield f"{'Kept in':<12}{_shown(store.directory)}"
    if snapshot.job.status.best is not None:
        place = quote(_shown(store.directory))
        yield f"{'Use it':<12}kubetune best -f {place} -o args"
    if not snapshot.job.has_ended:
        yield f"Go on with: {_same_command(options)}"


def _same_command(options: RunOptions) -> str:
    """Return the command that goes on: with another directory it would begin anew."""
    words = ["kubetune", "run", "-f", options.filename]
    for flag, value in (
        ("--directory", options.directory),
        ("--workdir", options.workdir),
        ("--workers", options.workers),
    ):
        if value is not None:
            words += [flag, str(value)]
    return join(words)


def _shown(directory: Path) -> str:
    """Return a directory as short as it can be written here."""
    here = Path.cwd()
    return str(directory.relative_to(here) if directory.is_relative_to(here) else directory)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn a failure of the directory into one line.

    Raises:
        CommandError: For every failure of the file system.
    """
    try:
        yield
    except StoreError as error:
        raise CommandError(ExitCode.FAILED, str(error)) from None
    except OSError as error:
        raise CommandError(
            ExitCode.FAILED, f"{error.filename or 'the directory'}: {error.strerror}"
        ) from None
