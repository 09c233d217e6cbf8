"""Every sample gets from its file to its first trials, by the code that the operator runs."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from kubetune import planner
from kubetune.api.trial import TrialState
from kubetune.api.validation import parse_spec, validate
from kubetune.core.space import build_space
from kubetune.core.trial import Trial

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "manifests" / "samples").glob("*.yaml"))
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_valid_and_launches_as_many_trials_as_it_may(path: Path) -> None:
    manifest = yaml.safe_load(path.read_text("utf-8"))
    assert validate(manifest) == ()
    spec = parse_spec(manifest["spec"])
    assert planner.check(spec) == ()
    first = planner.decide(spec, (), seed=7, started_at=NOW, now=NOW)
    assert first.outcome is None
    assert [point.index for point in first.launch] == [*range(spec.limits.max_parallel_trials)]
    space = build_space(spec.parameters)
    assert len({space.key(point.parameters) for point in first.launch}) == len(first.launch)
    pending = [
        Trial(
            index=point.index,
            name=f"{path.stem}-{point.index}",
            parameters=point.parameters,
            state=TrialState.PENDING,
            resource=point.resource,
            bracket=point.bracket,
            holds_slot=True,
        )
        for point in first.launch
    ]
    again = planner.decide(spec, pending, seed=7, started_at=NOW, now=NOW)
    assert (again.launch, again.stop, again.outcome) == ((), (), None)
