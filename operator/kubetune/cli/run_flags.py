"""The flags of `kubetune run`."""

import argparse

MOST_WORKERS = 1000
"""As limits.maxParallelTrials has it."""

DESCRIPTION = """\
Runs the TuningJob of a file on this machine, without a cluster: each trial is a process with the
command and environment of the training container. What only a cluster can give is named first.
Ctrl-C ends it cleanly; the same command goes on where it was, with other limits and completion if
they were edited.
"""


def add_run(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its flags."""
    command = commands.add_parser(
        "run",
        help="run a job on this machine, without a cluster",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = command.add_argument
    add("-f", "--filename", required=True, metavar="FILE", help="manifest, - for standard input")
    add("--directory", metavar="DIR", help="where everything is kept (default: .kubetune/JOB)")
    add(
        "--workdir",
        metavar="DIR",
        help="where trials run, unless their workingDir exists here (default: the current one)",
    )
    add(
        "--workers",
        type=_count,
        metavar="N",
        help="trials at the same time (default: limits.maxParallelTrials, but no more than "
        "processors)",
    )
    add("--plain", action="store_true", help="lines instead of a live view")


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST_WORKERS}")
    return int(text)
