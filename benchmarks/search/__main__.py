"""`python -m benchmarks.search`: run what is missing, or report what is there."""

import argparse
from pathlib import Path
from typing import Final

from benchmarks.search.choices import add_choice
from benchmarks.search.problems import PROBLEMS, STANDARD
from benchmarks.search.protocol import MODES
from benchmarks.search.solvers import SOLVERS, available, installed
from benchmarks.search.work import cells, run_all

RESULTS: Final = Path(__file__).resolve().parents[1] / "results" / "search.jsonl"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    usable = [name for name in SOLVERS if available(name)]
    add_choice(parser, "--solvers", usable, [name for name in usable if installed(name)])
    add_choice(parser, "--problems", list(PROBLEMS), STANDARD)
    add_choice(parser, "--modes", list(MODES), list(MODES))
    parser.add_argument("--seeds", type=int, default=10, help="number of seeds, from 0")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--out", type=Path, default=RESULTS, help="file of results, resumed")
    parser.add_argument("--report", action="store_true", help="write the table and the figure")
    return parser


def main() -> None:
    """Run the command line."""
    asked = _parser().parse_args()
    if asked.report:
        from benchmarks.search.report import write_report  # noqa: PLC0415 - needs matplotlib

        print("\n".join(write_report(asked.out)))
        return
    wanted = list(cells(asked.solvers, asked.problems, asked.modes, range(asked.seeds)))
    run_all(wanted, asked.out, jobs=asked.jobs)


if __name__ == "__main__":
    main()
