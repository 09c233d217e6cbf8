"""`python -m benchmarks.curves`: run what is missing, or report what is there."""

import argparse
from pathlib import Path
from typing import Final

from benchmarks.curves.crossing import FAMILIES
from benchmarks.curves.methods import METHODS, usable
from benchmarks.curves.models import MODELS
from benchmarks.curves.protocol import WORKERS, cells, run_cell
from benchmarks.search.choices import add_choice
from benchmarks.search.work import run_all

RESULTS: Final = Path(__file__).resolve().parents[1] / "results" / "curves.jsonl"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curves", description=__doc__)
    problems = [*(model.name for model in MODELS), *FAMILIES]
    add_choice(parser, "--methods", list(METHODS), [name for name in METHODS if usable(name)])
    add_choice(parser, "--problems", problems, problems)
    add_choice(parser, "--modes", list(WORKERS), list(WORKERS))
    parser.add_argument(
        "--seeds", type=int, default=10, help="number of seeds, from 0; random search has more"
    )
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--out", type=Path, default=RESULTS, help="file of results, resumed")
    parser.add_argument("--report", action="store_true", help="write the table and the figure")
    return parser


def main() -> None:
    """Run the command line."""
    asked = _parser().parse_args()
    if asked.report:
        from benchmarks.curves.report import write_report  # noqa: PLC0415 - needs matplotlib

        print("\n".join(write_report(asked.out)))
        return
    wanted = list(cells(asked.methods, asked.problems, asked.modes, range(asked.seeds)))
    run_all(wanted, asked.out, jobs=asked.jobs, run=run_cell)


if __name__ == "__main__":
    main()
