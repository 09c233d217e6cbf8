"""The problems by name."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from benchmarks.search import synthetic, tables
from benchmarks.search.problem import Problem

PROBLEMS: Final[Mapping[str, Callable[[], Problem]]] = {
    "branin": synthetic.branin,
    "hartmann6": synthetic.hartmann6,
    "hartmann6-noisy": lambda: synthetic.hartmann6(noise=0.3),
    "hartmann6-plateau": synthetic.hartmann6_plateau,
    "hartmann3-heteroscedastic": synthetic.hartmann3_heteroscedastic,
    "levy-mixed": synthetic.levy_mixed,
    "ackley-mixed": synthetic.ackley_mixed,
    "styblinski-warped": synthetic.styblinski_warped,
    "australian": tables.australian,
    "segment": tables.segment,
    "protein_structure": tables.protein_structure,
    "cifar10": tables.cifar10,
}

# Those that the committed figure is about: four synthetic ones and four real tables.
STANDARD: Final = (
    "hartmann6",
    "levy-mixed",
    "ackley-mixed",
    "styblinski-warped",
    "australian",
    "segment",
    "protein_structure",
    "cifar10",
)


@cache
def problem(name: str) -> Problem:
    """Return the problem of that name; a table is read once per process.

    Raises:
        KeyError: there is no such problem.
    """
    return PROBLEMS[name]()
