"""The methods by name: Kubetune's modes and the peers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version as installed_version
from typing import Any, Final

from benchmarks.curves import peers
from benchmarks.curves.loop import PeerFactory, run
from benchmarks.curves.models import EPOCHS
from benchmarks.curves.ours import simulate
from benchmarks.curves.table import CurveTable
from benchmarks.search.protocol import Trace
from benchmarks.search.solvers import is_installed
from benchmarks.search.sources import source_hash

_HYPERBAND: Final = {"minResource": 1, "maxResource": EPOCHS, "reductionFactor": 3}
_HALVING: Final = ("core.brackets", "core.foresight", "core.rungs", "search.hyperband")
_SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "median": ("search.random_search", "stopping.median"),
    "stopping": (*_HALVING, "stopping.asha"),
    "promotion": (*_HALVING, "stopping.promotion"),
    "synchronous": (*_HALVING, "stopping.synchronous"),
}
"""What decides which trials stop, by rule."""
_MODEL: Final = ("search.bayesian", "search.rung_evidence")
"""What only decides where a model proposes the points."""

_CLAIM: Final = {
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One way to spend W workers.

    Attributes:
        title: What people read.
        peer: Makes a peer; None for Kubetune.
        package: The distribution whose version the results name; None for our own code.
        fields: Fields of the TuningJob, for Kubetune.
        rule: For Kubetune, how it stops trials.
        modelled: True if a surrogate proposes the points.
    """

    title: str
    peer: PeerFactory | None = None
    package: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    rule: str = ""
    modelled: bool = False

    @property
    def ours(self) -> bool:
        """True for Kubetune."""
        return self.peer is None

    @property
    def version(self) -> str:
        """The version whose results these are."""
        if self.package is not None:
            return installed_version(self.package)
        if not self.ours:
            return "1"
        if self.modelled:
            return source_hash(*_SOURCES[self.rule], *_MODEL)
        return source_hash(*_SOURCES[self.rule], without=_MODEL)

    def run(self, table: CurveTable, *, workers: int, horizon: float, seed: int) -> Trace:
        """Run it once."""
        if self.peer is None:
            return simulate(table, self.fields, workers=workers, horizon=horizon, seed=seed)
        steps = run(table, self.peer(table, seed), workers=workers, horizon=horizon)
        return Trace(steps=steps, cpu_seconds=0.0)


def _hyperband(title: str, *, mode: str = "Stopping", **settings: Any) -> Method:
    """Return a method of Kubetune's Hyperband."""
    strategy = {"type": "Hyperband", "hyperband": {**_HYPERBAND, "mode": mode, **settings}}
    resuming = {} if mode == "Stopping" else {"checkpoint": {"volumeClaimTemplate": _CLAIM}}
    return Method(
        title=f"Kubetune Hyperband, {title}",
        fields={"strategy": strategy, **resuming},
        rule=mode.lower(),
        modelled=settings.get("search") == "Bayesian",
    )


METHODS: Final[Mapping[str, Method]] = {
    "random": Method(title="random search", peer=peers.RandomSearch),
    "kubetune-median": Method(
        title="Kubetune Random, median rule",
        fields={"strategy": {"type": "Random"}, "earlyStopping": {"type": "Auto"}},
        rule="median",
    ),
    "kubetune-bayesian-median": Method(
        title="Kubetune Bayesian, median rule",
        fields={"strategy": {"type": "Bayesian"}, "earlyStopping": {"type": "Auto"}},
        rule="median",
        modelled=True,
    ),
    "kubetune-stopping": _hyperband("stopping"),
    "kubetune-promotion": _hyperband("promotion", mode="Promotion"),
    "kubetune-synchronous": _hyperband("synchronous", mode="Synchronous"),
    "kubetune-stopping-bayesian": _hyperband("stopping, search Bayesian", search="Bayesian"),
    "kubetune-promotion-bayesian": _hyperband(
        "promotion, search Bayesian", mode="Promotion", search="Bayesian"
    ),
    "kubetune-stopping-4": _hyperband("stopping, 4 brackets", brackets=4),
    "kubetune-promotion-4": _hyperband("promotion, 4 brackets", mode="Promotion", brackets=4),
    "kubetune-stopping-1": _hyperband("stopping, 1 bracket", brackets=1),
    "kubetune-promotion-1": _hyperband("promotion, 1 bracket", mode="Promotion", brackets=1),
    "optuna-hyperband": Method(
        title="Optuna TPE, Hyperband pruner", peer=peers.optuna_hyperband, package="optuna"
    ),
    "from-scratch": Method(
        title="Hyperband, each rung from scratch (Katib's way)", peer=peers.HyperbandFromScratch
    ),
}


def usable(name: str) -> bool:
    """Return whether this Python has what the method needs."""
    return is_installed(METHODS[name].package)
