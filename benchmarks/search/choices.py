"""Options of a command line that take names from a list."""

import argparse
from collections.abc import Callable, Sequence


def add_choice(
    parser: argparse.ArgumentParser, flag: str, known: Sequence[str], default: Sequence[str]
) -> None:
    """Add an option that takes some of the known names, separated by commas."""
    parser.add_argument(
        flag,
        type=_among(known),
        default=list(default),
        metavar="A,B",
        help=f"{', '.join(known)} (default: {', '.join(default)})",
    )


def _among(known: Sequence[str]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        names = text.split(",")
        unknown = [name for name in names if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not among {', '.join(known)}")
        return names

    return parse
