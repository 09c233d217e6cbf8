"""Trials in every state, for `kubetune explain`."""

from typing import Any

from tests.cli.cli_builders import at, stopped_body, trial_body

TRIALS = [
    trial_body(0, "Succeeded", values={1: 0.5, 27: 0.9611}, ended=40),
    trial_body(
        1,
        "Succeeded",
        values={1: 0.6, 3: 0.7, 9: 0.9, 12: 0.91, 27: 0.9833},
        ended=45,
        spec={"reason": "pseudorandom point 1 of seed 7, first judged at step 1", "bracket": 0},
        status={"reason": "Completed", "attempts": 1, "gpuSeconds": 90},
    ),
    stopped_body(2, step=3, value=0.41, threshold=0.8722, ended=50),
    stopped_body(3, step=1, value=0.1, threshold=0.3, ended=52),
    trial_body(
        4,
        "Failed",
        ended=60,
        values={1: 0.2},
        status={
            "reason": "OOMKilled",
            "message": "container train used more memory than its limit; raise it\n"
            "last lines:\nepoch=1 val_accuracy=0.2\n\x1b[31mKilled",
            "attempts": 1,
        },
    ),
    trial_body(
        5,
        values={1: 0.5, 9: 0.9612},
        started=153,
        status={
            "attempts": 2,
            "reason": "Training",
            "gpuSeconds": 60,
            "earlierAttempts": [
                {
                    "startTime": at(60).isoformat(),
                    "endTime": at(120).isoformat(),
                    "reason": "Disrupted",
                    "step": 3,
                }
            ],
        },
    ),
    trial_body(
        6,
        "Pending",
        started=None,
        status={
            "reason": "Unschedulable",
            "message": "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.",
        },
    ),
]


def failures() -> list[dict[str, Any]]:
    reasons = ["ImagePullFailed"] * 4 + ["MetricNotReported"]
    states = ["Failed"] * 4 + ["MetricsUnavailable"]
    return [
        trial_body(i, state, ended=10 * i, started=None, status={"reason": reason, "message": "m"})
        for i, (state, reason) in enumerate(zip(states, reasons, strict=True))
    ]


PROMOTED = [
    trial_body(
        0,
        "Running",
        spec={"resource": 1, "bracket": 0},
        values={4: 0.7},
        started=61,
        status={
            "attempts": 2,
            "resource": 9,
            "rungs": [
                {
                    "step": 1,
                    "value": 0.6,
                    "time": at(40).isoformat(),
                    "leftTime": at(60).isoformat(),
                    "promotion": {
                        "rule": "asha-promotion/v1",
                        "step": 1,
                        "value": 0.6,
                        "threshold": 0.6,
                        "population": 3,
                    },
                }
            ],
            "earlierAttempts": [
                {
                    "startTime": at(30).isoformat(),
                    "endTime": at(40).isoformat(),
                    "reason": "RungReached",
                    "step": 1,
                }
            ],
        },
    ),
    trial_body(
        1,
        "Paused",
        spec={"resource": 1, "bracket": 0},
        values={1: 0.4},
        ended=42,
        status={
            "reason": "RungReached",
            "rungs": [{"step": 1, "value": 0.4, "time": at(42).isoformat()}],
        },
    ),
]
