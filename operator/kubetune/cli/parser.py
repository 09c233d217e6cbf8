"""The command line's grammar and its help texts. Nothing is done here."""

import argparse
from datetime import timedelta
from pathlib import PurePath

from kubetune import __version__
from kubetune.cli.run_flags import add_run
from kubetune.cli.simulate_flags import add_simulate

FORMATS = ("table", "json", "yaml", "env", "args")

_EXIT_CODES = """\
exit codes:
  0    done; watch, run: the job is Complete; validate: no fault
  1    watch, run: the job has Failed; best: no result yet; validate, run: faults found;
       simulate: the manifest, the objective or the table is faulty;
       replay: a decision does not follow
  2    wrong usage, a file that cannot be read, or a library that is not installed
  3    no such TuningJob, or it was deleted while being watched
  4    the cluster cannot be reached, refuses, or lacks Kubetune's CRDs
  5    watch: --timeout ran out
  130  interrupted by Ctrl-C
"""

_EXAMPLES = """\
examples:
  {prog} validate -f digits.yaml          check a manifest without a cluster
  {prog} simulate -f digits.yaml --objective curves.py:accuracy
                                            try it in virtual time
  {prog} run -f digits.yaml               try it on this machine
  {prog} replay digits -n team-a          check that its decisions follow
  {prog} watch digits -n team-a           follow a job to its end
  {prog} explain digits --trial 7         why that point, and what became of it
  {prog} best digits -o args              --learning_rate=0.0123 --hidden=96
  eval "$({prog} best digits -o env)"     KUBETUNE_PARAM_LEARNING_RATE=0.0123 ...
"""


def build_parser(called_as: str) -> argparse.ArgumentParser:
    """The parser.

    Args:
        called_as: argv[0]; help shows `kubectl kubetune` when kubectl called us as its plugin.
    """
    prog = _program(called_as)
    where = _cluster_flags()
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Hyperparameter tuning on Kubernetes, from the command line.",
        epilog=_EXAMPLES.format(prog=prog) + "\n" + _EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[where],
        allow_abbrev=False,
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"kubetune {__version__}",
        help="print the version",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    watch = _command(
        commands,
        "watch",
        where,
        "show a job live until it has ended, then what came out of it",
        "Shows progress, the best trial so far, running trials and recent decisions with their "
        "reasons, until the job has ended; then the outcome and what early stopping saved. Plain "
        "lines when the output is not a terminal.",
    )
    watch.add_argument("name", metavar="NAME", help="name of the TuningJob")
    watch.add_argument("--wait", action="store_true", help="wait for a job that is not there yet")
    watch.add_argument("--plain", action="store_true", help="lines instead of a live view")
    watch.add_argument(
        "--timeout",
        type=duration,
        metavar="DURATION",
        help="give up after this long, such as 90s, 45m or 1h30m (exit code 5)",
    )

    best = _command(
        commands,
        "best",
        where,
        "print the best parameters found so far",
        "Prints the best trial's parameters. env and args are quoted for a POSIX shell.",
    )
    best.add_argument(
        "name", metavar="NAME", nargs="?", help="name of the TuningJob; optional with -f"
    )
    best.add_argument(
        "-f",
        "--filename",
        metavar="PLACE",
        help="a directory of kubetune run, or what `kubectl get tuningjobs -o yaml` wrote, instead "
        "of the cluster; - for standard input",
    )
    best.add_argument(
        "-o",
        "--output",
        choices=FORMATS,
        default="table",
        help="table (default), json, yaml, env (KUBETUNE_PARAM_X=... lines), "
        "args (--x=... on one line)",
    )

    explain = _command(
        commands,
        "explain",
        where,
        "tell the story of a job or a trial in plain words",
        "Tells what was asked, how it went, why it ended with the numbers behind it, what is best "
        "and what to look at next; of a trial why its point, its curve, its attempts, its end and "
        "what to do about it.",
    )
    explain.add_argument(
        "name", metavar="NAME", nargs="?", help="name of the TuningJob; optional with -f"
    )
    explain.add_argument("--trial", metavar="N", help="one trial, by its index or its name")
    explain.add_argument(
        "-f",
        "--filename",
        metavar="PLACE",
        help="a directory of kubetune run, or what `kubectl get tuningjobs,trials -o yaml` wrote, "
        "instead of the cluster; - for standard input",
    )

    validate = _command(
        commands,
        "validate",
        None,
        "check a manifest without a cluster",
        "Checks schema, rules and placeholders of every TuningJob in the files, names every fault "
        "with its remedy, and prints what would be run: the plan and the first trial's Job.",
    )
    validate.add_argument(
        "-f",
        "--filename",
        action="append",
        required=True,
        metavar="FILE",
        help="manifest to check, - for standard input; may be given several times",
    )
    validate.add_argument(
        "-o",
        "--output",
        choices=("text", "yaml"),
        default="text",
        help="text: verdict, plan and sample Job (default); yaml: the sample Jobs alone",
    )
    validate.add_argument(
        "-q", "--quiet", action="store_true", help="only the verdict, no plan and no sample Job"
    )

    add_simulate(commands, prog=prog, duration=duration)
    add_run(commands)

    replay = _command(
        commands,
        "replay",
        where,
        "check that a job's decisions follow from its recorded history",
        "Makes every decision of a job anew, from its recorded trials: each suggestion, each early "
        "stop, the end and the best trial. Lists those that do not follow, with the difference, "
        "and those that cannot be decided from what was recorded. Recorded times are whole "
        "seconds; a decision follows if a history that they allow gives it.",
    )
    replay.add_argument(
        "place",
        metavar="NAME|FILE",
        help="name of a TuningJob, or a directory of kubetune run, or a file that kubectl wrote "
        "(YAML or JSON); - for standard input",
    )
    replay.add_argument(
        "-a", "--all", action="store_true", help="list decisions that follow as well"
    )
    replay.add_argument(
        "-o", "--output", choices=("table", "json"), default="table", help="table (default) or json"
    )

    for action, summary in (
        ("stop", "end a job for good and keep its best result"),
        ("suspend", "stop a job's running trials until it is resumed"),
        ("resume", "let a suspended job go on"),
    ):
        command = _command(commands, action, where, summary, summary.capitalize() + ".")
        command.add_argument("name", metavar="NAME", help="name of the TuningJob")
    return parser


def duration(text: str) -> timedelta:
    """A length of time such as 90s or 1h30m, for argparse."""
    from kubetune.api.durations import parse_duration  # noqa: PLC0415  imports pydantic, 0.1 s

    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _program(called_as: str) -> str:
    name = PurePath(called_as).name
    return "kubectl kubetune" if name in ("kubectl-kubetune", "kubectl_kubetune") else "kubetune"


def _cluster_flags() -> argparse.ArgumentParser:
    """The flags of kubectl, accepted before and after the command."""
    flags = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    group = flags.add_argument_group("which cluster, as for kubectl")
    group.add_argument("-n", "--namespace", metavar="NAME", help="namespace of the TuningJob")
    group.add_argument("--context", metavar="NAME", help="context of the kubeconfig")
    group.add_argument("--kubeconfig", metavar="PATH", help="kubeconfig file")
    return flags


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    where: argparse.ArgumentParser | None,
    summary: str,
    description: str,
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=summary,
        description=description,
        parents=[] if where is None else [where],
        allow_abbrev=False,
    )
