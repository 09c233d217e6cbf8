"""Which rungs of Hyperband a job does not trust by now."""

import math
from collections.abc import Mapping
from typing import Any

from kubetune.api.trial import TrialState
from kubetune.api.validation import parse_spec
from kubetune.cli.objects import Trial
from kubetune.cli.snapshot import Snapshot
from kubetune.core import trial as core
from kubetune.core.foresight import distrusted_levels
from kubetune.errors import SpecError


def distrusted_rungs(snapshot: Snapshot, spec: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the rungs whose values foretell too little, ascending; see core.foresight.

    None for a spec that this version cannot read: what it would trust says nothing then.

    Args:
        snapshot: The job and the trials of its present run.
        spec: Its spec as JSON.
    """
    try:
        wish = parse_spec(spec)
        settings = wish.strategy.hyperband
        if settings is None or settings.max_resource is None:
            return ()
        trials = [_core(trial, wish.objective.metric) for trial in snapshot.trials]
    except (SpecError, ValueError):
        return ()
    return tuple(sorted(distrusted_levels(wish, trials)))


def _core(trial: Trial, metric: str) -> core.Trial:
    """Return a trial with what rungs are judged by."""
    status = trial.status
    seen = [(o.step, o.metrics.get(metric, math.nan)) for o in status.observations]
    return core.Trial(
        index=trial.spec.index,
        name=trial.metadata.name,
        parameters=trial.spec.parameters,
        state=TrialState(status.state),
        observations=tuple(
            core.Observation(step=step, value=value)
            for step, value in sorted(seen)
            if math.isfinite(value)
        ),
        rungs=tuple(core.Observation(step=rung.step, value=rung.value) for rung in status.rungs),
        value=status.value,
        resource=trial.spec.resource,
        bracket=trial.spec.bracket,
    )
