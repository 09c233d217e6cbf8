"""A job on this machine as it is recorded: what looks begin with and lead to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.tuningjob_status import TuningJobStatus
from kubetune.core.basis import Basis
from kubetune.core.decision import Suggestion
from kubetune.kube.objects import Trial
from kubetune.record.objects import trial_body


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A TuningJob and the trials of its present run, as they are recorded.

    Attributes:
        body: The TuningJob as JSON: metadata and spec count, its status is in `status`.
        spec: Its spec, in which nothing is wrong.
        status: Its status, with seed and start time.
        trials: By index, ascending.
    """

    body: Mapping[str, Any]
    spec: TuningJobSpec
    status: TuningJobStatus
    trials: tuple[Trial, ...]


def new_trial(
    world: World, suggestion: Suggestion, now: datetime, *, basis: Basis | None = None
) -> Trial:
    """Return the Trial of a suggestion, waiting for its first attempt."""
    body = trial_body(world.body, world.spec.run_id, suggestion, basis=basis)
    body["metadata"] |= {
        # A function of what it is, so that making it again makes the same.
        "uid": f"{world.body['metadata']['uid']}-{body['metadata']['name']}",
        "creationTimestamp": now.replace(microsecond=0).isoformat(),
        "generation": 1,
        "resourceVersion": "1",
    }
    return msgspec.convert(body, Trial)
