"""The solvers by name: Kubetune's strategies and the peers, each imported only when it is used."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from typing import Any, Final

from benchmarks.search.ours import KubetuneSolver
from benchmarks.search.protocol import SolverFactory, UniformSolver
from benchmarks.search.sources import source_hash
from kubetune.api.strategy import StrategyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One solver.

    Attributes:
        title: What people read.
        module: Module and function that make it; None for one of Kubetune's strategies.
        package: The distribution whose version the results name; None for our own code.
        strategy: `spec.strategy` as in a manifest, for Kubetune's strategies.
        sources: Modules that decide, for Kubetune's strategies.
    """

    title: str
    module: tuple[str, str] | None = None
    package: str | None = None
    strategy: Mapping[str, Any] = field(default_factory=dict)
    sources: tuple[str, ...] = ()

    @property
    def ours(self) -> bool:
        """True for Kubetune's strategies."""
        return bool(self.strategy)


SOLVERS: Final[Mapping[str, Entry]] = {
    "random": Entry(title="random search"),
    "kubetune-bayesian": Entry(
        title="Kubetune Bayesian",
        strategy={"type": "Bayesian"},
        sources=("search.bayesian",),
    ),
    "kubetune-random": Entry(
        title="Kubetune Random", strategy={"type": "Random"}, sources=("search.random_search",)
    ),
    "kubetune-quasirandom": Entry(
        title="Kubetune Random, quasi-random",
        strategy={"type": "Random", "random": {"sequence": "Quasirandom"}},
        sources=("search.random_search",),
    ),
    "optuna-tpe": Entry(
        title="Optuna TPE", module=("benchmarks.search.peers_optuna", "tpe"), package="optuna"
    ),
    "optuna-gp": Entry(
        title="Optuna GP",
        module=("benchmarks.search.peers_optuna", "gaussian_process"),
        package="optuna",
    ),
    "optuna-cmaes": Entry(
        title="CMA-ES (Optuna)",
        module=("benchmarks.search.peers_optuna", "cma_es"),
        package="optuna",
    ),
    "skopt-gp": Entry(
        title="scikit-optimize GP",
        module=("benchmarks.search.peers_skopt", "SkoptSolver"),
        package="scikit-optimize",
    ),
    "sklearn-gp": Entry(
        title="plain scikit-learn GP + EI",
        module=("benchmarks.search.peers_sklearn", "PlainSolver"),
        package="scikit-learn",
    ),
    "hebo": Entry(
        title="HEBO", module=("benchmarks.search.peers_hebo", "HeboSolver"), package="HEBO"
    ),
}


def available(name: str) -> bool:
    """Return whether this Kubetune has the strategy; True for peers."""
    entry = SOLVERS[name]
    return not entry.ours or entry.strategy["type"] in {kind.value for kind in StrategyType}


def installed(name: str) -> bool:
    """Return whether this Python has the peer; True for our own."""
    return is_installed(SOLVERS[name].package)


def is_installed(package: str | None) -> bool:
    """Return whether this Python has the distribution; True for None."""
    try:
        return package is None or bool(installed_version(package))
    except PackageNotFoundError:
        return False


def factory(name: str) -> SolverFactory:
    """Return what makes the solver.

    Raises:
        ImportError: the peer is not installed.
    """
    entry = SOLVERS[name]
    if entry.ours:
        return lambda task: KubetuneSolver(task, entry.strategy)
    if entry.module is None:
        return UniformSolver
    module, attribute = entry.module
    made: SolverFactory = getattr(import_module(module), attribute)
    return made


def version(name: str) -> str:
    """Return the version whose results these are: of the peer, or of our own code.

    Our own is a hash of the source that decides, see `sources`.
    """
    entry = SOLVERS[name]
    if entry.package is not None:
        return installed_version(entry.package)
    return source_hash(*entry.sources) if entry.ours else "1"
