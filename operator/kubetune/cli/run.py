"""`kubetune run`: a TuningJob on this machine, without a cluster; each trial is a process."""

import os
import secrets
import socket
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import join
from typing import Any, TextIO

from kubetune.api.validation import parse_spec
from kubetune.cli.exits import CommandError, ExitCode
from kubetune.cli.libraries import demand_libraries
from kubetune.cli.run_manifest import document_of, local_complaints, processors, with_workers
from kubetune.cli.run_result import Show, result, shown
from kubetune.cli.validate import told
from kubetune.cli.verdict import judge
from kubetune.cli.views import Now, view_on
from kubetune.local.bell import Bell
from kubetune.local.limitations import limitations
from kubetune.local.opening import Opening, RefusedError, open_world
from kubetune.local.output import Reading
from kubetune.local.processes import ProcessTable
from kubetune.local.rendering import Machine
from kubetune.local.runner import Runner, Tools, body_of
from kubetune.local.store import Store, StoreError
from kubetune.local.workshop import Workshop
from kubetune.local.world import World
from kubetune.record.status import is_finished

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
    document = document_of(options.filename, stdin)
    title = f"{options.filename}: TuningJob"
    complaints = judge(document).complaints or local_complaints(document)
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
    workers = options.workers if options.workers is not None else min(wanted, processors())
    manifest = with_workers(manifest, workers)
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
            f"{options.filename} does not go with what is kept in {shown(store.directory)}; "
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
    show = Show(view, now)
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
    again = None if snapshot.job.has_ended else _same_command(options)
    lines = result(snapshot, store.directory, again=again, now=now)
    out.writelines(line + "\n" for line in lines)
    out.flush()
    if not is_finished(last.status):
        if asked:
            raise KeyboardInterrupt
        raise CommandError(ExitCode.FAILED, "the job is suspended: set spec.suspend to false")
    return ExitCode.FAILED if snapshot.job.has_failed else ExitCode.OK


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
    except BrokenPipeError:
        raise  # not the directory's: the reader of our output has gone
    except OSError as error:
        raise CommandError(
            ExitCode.FAILED, f"{error.filename or 'the directory'}: {error.strerror}"
        ) from None
