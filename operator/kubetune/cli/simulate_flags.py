"""The flags of `kubetune simulate`."""

import argparse
from collections.abc import Callable
from datetime import timedelta

DESCRIPTION = """\
Runs a TuningJob in virtual time, without a cluster: the same decisions as the operator's, with a
Python function or a table of recorded trainings in the place of the training. A day of tuning takes
seconds, so strategies, limits and early stopping can be tried before they cost anything.
"""

EPILOG = """\
the objective function takes the parameters as a dict, and by name, if it wants to know them: step
(it is then asked once for every step), resource (steps that the trial may use), index (of the
trial) and seed (an integer of the trial's own, for noise). It returns, or yields:

  a number                      the objective
  None                          the trial fails here
  {"value": 0.9, "seconds": 2}  the objective and the time that it took
  a list of these               one for each step; or a generator, which is asked no further once
                                its trial is stopped

a table is CSV with a header, or a JSON list of objects: one column for each parameter, one with the
objective metric's name (or "value"), and optionally "step" and "seconds" (since the row before). A
point that is not in it takes the rows of the nearest one, by the distance in the scaled search
space; how often that was is told.

examples:
  {prog} simulate -f digits.yaml --objective curves.py:accuracy --workers 8 --seeds 10
  {prog} simulate -f digits.yaml --table trainings.csv --compare Random --plot digits.svg
  {prog} simulate -f digits.yaml --objective curves.py:accuracy --failures 0.05 --stragglers 0.1x5
"""


def add_simulate(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    *,
    prog: str,
    duration: Callable[[str], timedelta],
) -> None:
    """Add the command and its flags."""
    command = commands.add_parser(
        "simulate",
        help="try a job in virtual time, without a cluster",
        description=DESCRIPTION,
        epilog=EPILOG.replace("{prog}", prog),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = command.add_argument
    add(
        "-f",
        "--filename",
        required=True,
        metavar="FILE",
        help="manifest with one TuningJob; - for standard input",
    )
    training = command.add_mutually_exclusive_group(required=True)
    training.add_argument(
        "--objective", metavar="FILE.py:function", help="a function that stands for the training"
    )
    training.add_argument("--table", metavar="FILE", help="CSV or JSON file of recorded trainings")
    add(
        "--workers",
        type=_whole,
        metavar="N",
        help="trials at a time, instead of limits.maxParallelTrials",
    )
    add(
        "--seeds",
        type=_whole,
        default=1,
        metavar="K",
        help="number of seeds, from the job's own (or 0) on; means are told (default: 1)",
    )
    add(
        "--compare",
        choices=("Random",),
        help="random search beside it, at the same cost for every seed",
    )
    add(
        "--steps",
        type=_whole,
        metavar="N",
        help="steps of a trial for a function that takes step, where the strategy does not say",
    )
    add(
        "--step-time",
        type=duration,
        default=timedelta(seconds=1),
        metavar="DURATION",
        help="time of a step where neither function nor table says (default: 1s)",
    )
    add(
        "--failures",
        type=_share,
        default=0.0,
        metavar="SHARE",
        help="share of the trials that fail, such as 0.05",
    )
    add(
        "--disruptions",
        type=_share,
        default=0.0,
        metavar="SHARE",
        help="share of the attempts that lose their pod and begin anew",
    )
    add(
        "--stragglers",
        type=_stragglers,
        default=(0.0, 1.0),
        metavar="SHARExTIMES",
        help="0.1x5: one trial in ten takes five times as long",
    )
    add(
        "--start-delay",
        type=duration,
        default=timedelta(),
        metavar="DURATION",
        help="from the launch of a trial until it trains (default: 0s)",
    )
    add(
        "--stop-delay",
        type=duration,
        default=timedelta(),
        metavar="DURATION",
        help="from a stop until the slot is free (default: 0s)",
    )
    add("--plot", metavar="FILE.svg", help="draw best value so far against cost")
    add(
        "-o", "--output", choices=("table", "json"), default="table", help="table (default) or json"
    )


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _share(text: str) -> float:
    share = _number(text)
    if share is None or not 0 <= share < 1:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a share such as 0.05: 0 or more, below 1"
        )
    return share


def _stragglers(text: str) -> tuple[float, float]:
    share, x, times = text.partition("x")
    slowness = _number(times)
    if not x or slowness is None or not 1 <= slowness <= 1e6:  # noqa: PLR2004  more is a typing error
        raise argparse.ArgumentTypeError(f"{text!r} is not SHARExTIMES such as 0.1x5")
    return _share(share), slowness


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
