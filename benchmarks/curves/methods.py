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
_SOURCES: Final = (
    "core.brackets",
    "core.foresight",
    "core.rungs",
    "search.hyperband",
    "search.random_search",
    "stopping.asha",
    "stopping.median",
    "stopping.promotion",
    "stopping.synchronous",
)


_CLAIM: Final = {
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
}


def _hyperband(**settings: Any) -> dict[str, Any]:
    return {"strategy": {"type": "Hyperband", "hyperband": {**_HYPERBAND, **settings}}}


def _resuming(**settings: Any) -> dict[str, Any]:
    return {**_hyperband(**settings), "checkpoint": {"volumeClaimTemplate": _CLAIM}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One way to spend W workers.

    Attributes:
        title: What people read.
        peer: Makes a peer; None for Kubetune.
        package: The distribution whose version the results name; None for our own code.
        fields: Fields of the TuningJob, for Kubetune.
    """

    title: str
    peer: PeerFactory | None = None
    package: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ours(self) -> bool:
        """True for Kubetune."""
        return self.peer is None

    @property
    def version(self) -> str:
        """The version whose results these are."""
        if self.package is not None:
            return installed_version(self.package)
        return source_hash(*_SOURCES) if self.ours else "1"

    def run(self, table: CurveTable, *, workers: int, horizon: float, seed: int) -> Trace:
        """Run it once."""
        if self.peer is None:
            return simulate(table, self.fields, workers=workers, horizon=horizon, seed=seed)
        steps = run(table, self.peer(table, seed), workers=workers, horizon=horizon)
        return Trace(steps=steps, cpu_seconds=0.0)


METHODS: Final[Mapping[str, Method]] = {
    "random": Method(title="random search", peer=peers.RandomSearch),
    "kubetune-median": Method(
        title="Kubetune Random, median rule",
        fields={"strategy": {"type": "Random"}, "earlyStopping": {"type": "Auto"}},
    ),
    "kubetune-stopping": Method(title="Kubetune Hyperband, stopping", fields=_hyperband()),
    "kubetune-promotion": Method(
        title="Kubetune Hyperband, promotion", fields=_resuming(mode="Promotion")
    ),
    "kubetune-synchronous": Method(
        title="Kubetune Hyperband, synchronous", fields=_resuming(mode="Synchronous")
    ),
    "kubetune-stopping-4": Method(
        title="Kubetune Hyperband, stopping, 4 brackets", fields=_hyperband(brackets=4)
    ),
    "kubetune-promotion-4": Method(
        title="Kubetune Hyperband, promotion, 4 brackets",
        fields=_resuming(mode="Promotion", brackets=4),
    ),
    "kubetune-stopping-1": Method(
        title="Kubetune Hyperband, stopping, 1 bracket", fields=_hyperband(brackets=1)
    ),
    "kubetune-promotion-1": Method(
        title="Kubetune Hyperband, promotion, 1 bracket",
        fields=_resuming(mode="Promotion", brackets=1),
    ),
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
