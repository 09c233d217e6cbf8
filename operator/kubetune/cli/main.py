"""Entry point: reads the arguments, runs one command, turns its end into an exit code."""

import asyncio
import logging
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime

from kubetune.cli.exits import CommandError, ExitCode
from kubetune.cli.parser import build_parser


def run() -> None:
    """The executables `kubetune` and `kubectl-kubetune`."""
    sys.exit(main(sys.argv))


def main(argv: Sequence[str]) -> int:
    """Run one command.

    Args:
        argv: The program's name and its arguments.

    Returns:
        What the process exits with; see `ExitCode`.
    """
    # What the watches below have to tell is told by the command itself, in a person's words.
    logging.getLogger("kubetune").addHandler(logging.NullHandler())
    logging.getLogger("kubetune").propagate = False
    arguments = build_parser(argv[0]).parse_args(argv[1:])
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
    except CommandError as error:
        sys.stderr.write(f"error: {error.message}\n")
        return error.code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (head, less); what is still buffered must not be tried again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.BROKEN_PIPE
    return code


def _dispatch(arguments: Namespace) -> ExitCode:
    # Each command is imported when it is called: `--help` and a wrong flag answer at once.
    if arguments.command == "validate":
        from kubetune.cli.validate import validate  # noqa: PLC0415  see above

        return validate(
            arguments.filename,
            output=arguments.output,
            quiet=arguments.quiet,
            stdin=sys.stdin,
            out=sys.stdout,
        )
    if arguments.command == "simulate":
        return _simulate(arguments)
    if arguments.command == "run":
        return _run(arguments)
    if arguments.command == "replay":
        return _replay(arguments)
    if arguments.command == "best" and arguments.filename is not None:
        from kubetune.cli.best import best_of_file  # noqa: PLC0415  see above

        return best_of_file(
            arguments.filename,
            arguments.name,
            form=arguments.output,
            stdin=sys.stdin,
            out=sys.stdout,
        )
    return asyncio.run(_on_cluster(arguments))


def _replay(arguments: Namespace) -> ExitCode:
    from kubetune.cli.recorded import is_file  # noqa: PLC0415  see above
    from kubetune.cli.replay import replay_file  # noqa: PLC0415  see above

    if not is_file(arguments.place):
        return asyncio.run(_on_cluster(arguments))
    return replay_file(
        arguments.place,
        output=arguments.output,
        shows_all=arguments.all,
        stdin=sys.stdin,
        out=sys.stdout,
    )


def _simulate(arguments: Namespace) -> ExitCode:
    from kubetune.cli.simulate import SimulateOptions, simulate  # noqa: PLC0415  see above
    from kubetune.simulator.weather import Weather  # noqa: PLC0415  see above

    share, slowness = arguments.stragglers
    options = SimulateOptions(
        filename=arguments.filename,
        objective=arguments.objective,
        table=arguments.table,
        workers=arguments.workers,
        seeds=arguments.seeds,
        steps=arguments.steps,
        step_time=arguments.step_time,
        weather=Weather(
            failures=arguments.failures,
            disruptions=arguments.disruptions,
            stragglers=share,
            slowness=slowness,
            start_delay=arguments.start_delay.total_seconds(),
            stop_delay=arguments.stop_delay.total_seconds(),
        ),
        compares=arguments.compare is not None,
        output=arguments.output,
        plot=arguments.plot,
    )
    return simulate(options, stdin=sys.stdin, out=sys.stdout, err=sys.stderr)


def _run(arguments: Namespace) -> ExitCode:
    if os.name != "posix":
        raise CommandError(ExitCode.USAGE, "kubetune run needs Linux or macOS")
    from kubetune.cli.run import RunOptions, run  # noqa: PLC0415  see above

    options = RunOptions(
        filename=arguments.filename,
        directory=arguments.directory,
        workdir=arguments.workdir,
        workers=arguments.workers,
        plain=arguments.plain,
    )
    return run(options, stdin=sys.stdin, out=sys.stdout, err=sys.stderr, now=_now)


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  the rim: here clocks are made


async def _on_cluster(arguments: Namespace) -> ExitCode:
    from kubetune.cli.access import Target  # noqa: PLC0415  see above

    target = Target(
        kubeconfig=getattr(arguments, "kubeconfig", None),
        context=getattr(arguments, "context", None),
        namespace=getattr(arguments, "namespace", None),
    )
    if arguments.command == "watch":
        from kubetune.cli.watch import WatchOptions, watch  # noqa: PLC0415  see above

        options = WatchOptions(
            name=arguments.name,
            wait=arguments.wait,
            plain=arguments.plain,
            timeout=arguments.timeout,
        )
        return await watch(target, options, out=sys.stdout, now=_now)
    if arguments.command == "explain":
        from kubetune.cli.explain import ExplainOptions, explain  # noqa: PLC0415  see above

        wanted = ExplainOptions(
            name=arguments.name, trial=arguments.trial, filename=arguments.filename
        )
        return await explain(target, wanted, stdin=sys.stdin, out=sys.stdout, now=_now())
    if arguments.command == "best":
        from kubetune.cli.best import best  # noqa: PLC0415  see above

        if arguments.name is None:
            message = "which TuningJob? Give its NAME, or a place with -f"
            raise CommandError(ExitCode.USAGE, message)
        return await best(target, arguments.name, form=arguments.output, out=sys.stdout)
    if arguments.command == "replay":
        from kubetune.cli.replay import replay_cluster  # noqa: PLC0415  see above

        return await replay_cluster(
            target,
            arguments.place,
            output=arguments.output,
            shows_all=arguments.all,
            out=sys.stdout,
        )
    from kubetune.cli.control import control  # noqa: PLC0415  see above

    return await control(target, arguments.name, action=arguments.command, out=sys.stdout)
