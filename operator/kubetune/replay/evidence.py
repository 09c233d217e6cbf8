"""Recorded numbers beside recomputed ones."""

from collections.abc import Mapping
from dataclasses import asdict

from kubetune.core.decision import Evidence


def is_same(evidence: Evidence, recorded: Mapping[str, object]) -> bool:
    """Return whether the recorded numbers are the recomputed ones."""
    return all(recorded.get(name) == value for name, value in fields(evidence).items())


def fields(evidence: Evidence) -> dict[str, object]:
    """Return the numbers as they are recorded."""
    return asdict(evidence)


def told(evidence: Mapping[str, object]) -> str:
    """Return recorded numbers in words."""
    return (
        f"{evidence.get('rule')}: {evidence.get('value')} against {evidence.get('threshold')} at "
        f"step {evidence.get('step')}, {evidence.get('population')} trials"
    )
