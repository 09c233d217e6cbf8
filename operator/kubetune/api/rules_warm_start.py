"""Rules about warmStart that need no look at the parents."""

from typing import Any

from kubetune.api.rule import Rule, Word
from kubetune.api.strategy import StrategyType
from kubetune.api.tuningjob import TuningJobSpec

_GRID = Rule(
    name="warm-start-with-grid",
    at="spec",
    model=TuningJobSpec,
    needs=("strategy", "warmStart"),
    field_path=".warmStart",
    cel="!has(self.warmStart) || self.strategy.type != 'Grid'",
    holds=lambda s: s.warm_start is None or s.strategy.type is not StrategyType.GRID,
    message="spec.warmStart is not for the strategy Grid, which tries every combination whatever "
    "is known: remove it, or use another strategy",
)


def _own_name(manifest: Any) -> str:
    return str((manifest["metadata"] or {}).get("name") or "")


def _names_itself(manifest: Any) -> bool:
    spec = manifest["spec"]
    start = spec.get("warmStart") if isinstance(spec, dict) else None
    parents = start.get("from") if isinstance(start, dict) else None
    return isinstance(parents, list) and _own_name(manifest) in parents


_ITSELF: Rule[Any] = Rule(
    name="warm-start-from-itself",
    at="",
    model=object,
    field_path=".spec.warmStart.from",
    cel="!has(self.spec.warmStart) || !(self.metadata.name in self.spec.warmStart.from)",
    holds=lambda manifest: not _names_itself(manifest),
    message='spec.warmStart.from names this TuningJob itself, "{name}": name others that have '
    "finished",
    words={"name": Word(cel="self.metadata.name", text=_own_name)},
)

WARM_START_RULES: tuple[Rule[Any], ...] = (_GRID, _ITSELF)
