"""The end of a job with these trials, asked for in every test of the ends."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from kubetune.api.trial import TrialState
from kubetune.core.decision import Outcome, OutcomeKind
from kubetune.core.ends import find_end
from kubetune.core.trial import Trial
from tests.core.builders import START, make_spec, make_trial

PENDING, RUNNING, FAILED = TrialState.PENDING, TrialState.RUNNING, TrialState.FAILED
SUCCEEDED, EARLY = TrialState.SUCCEEDED, TrialState.EARLY_STOPPED
COMPLETE, BAD = OutcomeKind.COMPLETE, OutcomeKind.FAILED

GPU_TEMPLATE = {
    "spec": {
        "template": {
            "spec": {
                "containers": [{"name": "train", "resources": {"limits": {"nvidia.com/gpu": 2}}}]
            }
        }
    }
}


def end(trials: list[Trial], **world: Any) -> Outcome | None:
    """The end without its numbers, which have tests of their own."""
    got = whole_end(trials, **world)
    return got and replace(got, evidence=None)


def whole_end(
    trials: list[Trial], *, after: float = 60, combinations: int | None = None, **fields: Any
) -> Outcome | None:
    got = [
        find_end(
            make_spec(**fields),
            order,
            combinations=combinations,
            started_at=START,
            now=START + timedelta(seconds=after),
        )
        for order in (trials, trials[::-1])
    ]
    assert got[0] == got[1], "the order of the trials must not matter"
    return got[0]


def failures(count: int) -> list[Trial]:
    return [make_trial(i, FAILED) for i in range(count)]
