"""The numbers behind an end, as its evidence tells them."""

from typing import Any

import pytest

from kubetune.core.decision import EndEvidence
from kubetune.core.trial import Trial
from tests.core.builders import make_trial
from tests.core.ending import FAILED, GPU_TEMPLATE, RUNNING, SUCCEEDED, failures, whole_end

IMPROVED = [make_trial(i, SUCCEEDED, [value]) for i, value in enumerate([0.9, 0.5, 0.4])]


@pytest.mark.parametrize(
    ("trials", "fields", "want"),
    [
        pytest.param(
            IMPROVED,
            {"completion": {"target": 0.8}},
            EndEvidence(
                rule="target/v1",
                measure="objective",
                value=0.9,
                threshold=0.8,
                population=3,
                trial="digits-0",
            ),
            id="target",
        ),
        pytest.param(
            failures(5),
            {},
            EndEvidence(
                rule="first-failures/v1",
                measure="failedTrials",
                value=5,
                threshold=5,
                population=5,
            ),
            id="first failures",
        ),
        pytest.param(
            [*IMPROVED, make_trial(3, FAILED)],
            {"limits": {"maxFailedTrials": 0}},
            EndEvidence(
                rule="failures/v1", measure="failedTrials", value=1, threshold=0, population=4
            ),
            id="failures",
        ),
        pytest.param(
            IMPROVED,
            {"combinations": 3},
            EndEvidence(
                rule="combinations/v1", measure="trials", value=3, threshold=3, population=3
            ),
            id="combinations",
        ),
        pytest.param(
            IMPROVED,
            {"limits": {"maxTrials": 2}},
            EndEvidence(rule="trials/v1", measure="trials", value=3, threshold=2, population=3),
            id="trials",
        ),
        pytest.param(
            [*IMPROVED, make_trial(3, RUNNING)],
            {"completion": {"notImproving": {"trials": 2}}},
            EndEvidence(
                rule="not-improving/v1",
                measure="trialsSinceImprovement",
                value=2,
                threshold=2,
                population=3,
            ),
            id="no improvement",
        ),
        pytest.param(
            IMPROVED,
            {"limits": {"maxRuntime": "30s"}},
            EndEvidence(rule="runtime/v1", measure="seconds", value=60, threshold=30, population=3),
            id="time",
        ),
        pytest.param(
            [make_trial(0, SUCCEEDED, [0.5], gpu_seconds=3600)],
            {"limits": {"maxGpuHours": 0.25}, "trial": {"template": GPU_TEMPLATE}},
            EndEvidence(
                rule="gpu-hours/v1", measure="gpuHours", value=1, threshold=0.25, population=1
            ),
            id="GPU-hours",
        ),
        pytest.param(IMPROVED, {"stop": True}, None, id="a wish has no numbers"),
    ],
)
def test_an_end_carries_the_numbers_behind_it(
    trials: list[Trial], fields: dict[str, Any], want: EndEvidence | None
) -> None:
    got = whole_end(trials, **fields)
    assert got is not None
    assert got.evidence == want
