"""Jobs in every condition, for `kubetune explain`."""

from typing import Any

from tests.cli.cli_builders import BEST, condition, job_body

SPEC: dict[str, Any] = {
    "parameters": [
        {"name": "learning_rate", "type": "Float", "min": 0.002, "max": 1.0, "scale": "Log"},
        {"name": "hidden", "type": "Integer", "min": 16, "max": 256, "step": 16},
        {"name": "activation", "type": "Categorical", "values": ["relu", "tanh"]},
    ],
    "strategy": {"type": "Hyperband", "seed": 7, "hyperband": {"maxResource": 27}},
    "limits": {"maxTrials": 20, "maxParallelTrials": 4, "maxGpuHours": 2},
    "completion": {"target": 0.985, "notImproving": {"trials": 30}},
}

PLAN = {
    **job_body()["status"]["plan"],
    "maxSteps": 540,
    "expectedSteps": 60,
    "maxGpuHours": 2,
}

ENDED = [
    condition("Accepted", "TargetReached"),
    condition("Complete", "TargetReached", "Trial digits-1 reached val_accuracy 0.9833."),
    condition("Finished", "TargetReached"),
]


def ended_job() -> dict[str, Any]:
    return job_body(
        phase="Complete",
        conditions=ENDED,
        best=BEST,
        ended=125,
        spec=SPEC,
        status={
            "reason": "TargetReached",
            "plan": PLAN,
            "gpuHours": {"used": 0.25, "saved": 0.5},
            "stepsUsed": 59,
            "stepsSaved": 50,
            "convergence": {
                "rule": "convergence/v1",
                "trial": "digits-1",
                "trials": 2,
                "regret": 0.001,
                "threshold": 0.002,
            },
            "evidence": {
                "rule": "target/v1",
                "measure": "objective",
                "value": 0.9833,
                "threshold": 0.983,
                "population": 5,
                "trial": "digits-1",
            },
        },
    )


def running_job(**status: Any) -> dict[str, Any]:
    used = {"stepsUsed": 68, "stepsSaved": 50}
    return job_body(best=BEST, spec=SPEC, status={"plan": PLAN, **used, **status})


def failed_job() -> dict[str, Any]:
    said = "The first 5 trials that ended have failed (limits.maxInitialFailures is 5)."
    conditions = [
        condition("Accepted", "FirstTrialsFailed"),
        condition("Failed", "FirstTrialsFailed", said),
        condition("Finished", "FirstTrialsFailed", said),
    ]
    return job_body(
        phase="Failed",
        conditions=conditions,
        ended=60,
        spec=SPEC,
        status={"reason": "FirstTrialsFailed"},
    )


def refused_job() -> dict[str, Any]:
    said = "spec.limits.maxGpuHours is 2 but no container of spec.trial.template asks for a GPU"
    conditions = [
        condition("!Accepted", "NoGpuToCount", said),
        condition("Stalled", "NoGpuToCount", said),
    ]
    body = job_body(phase="Pending", conditions=conditions, spec=SPEC)
    del body["status"]["plan"], body["status"]["startTime"]
    return body


def new_job() -> dict[str, Any]:
    return {**job_body(spec=SPEC), "status": {"observedGeneration": -1}}


def median_job() -> dict[str, Any]:
    spec = {
        **SPEC,
        "strategy": {"type": "Random"},
        "objective": {"metric": "val_accuracy", "goal": "Minimize", "value": "Best"},
        "earlyStopping": {"type": "Auto", "median": {"minStep": 2}},
        "limits": {"maxRuntime": "2h", "maxFailedTrials": 3},
        "completion": {"convergence": True},
        "suspend": True,
    }
    return job_body(phase="Suspended", spec=spec, status={"plan": {"combinations": 32}})


def promotion_job() -> dict[str, Any]:
    """A job that pauses trials and began with the results of another."""
    hyperband = {"mode": "Promotion", "maxResource": 9, "restartPromoted": True}
    spec = {
        **SPEC,
        "strategy": {"type": "Hyperband", "seed": 7, "hyperband": hyperband},
        "warmStart": {"from": ["before"], "type": "IdenticalDataAndAlgorithm"},
        "initialTrials": [{"parameters": {"hidden": 64}}],
    }
    overall = {**BEST, "trial": "before-3", "tuningJob": "before", "value": 0.99}
    plan = {"trials": 20, "rungs": [{"step": 1, "share": "1/3"}, {"step": 9, "share": "end"}]}
    return job_body(
        best=BEST,
        spec=spec,
        status={
            "plan": plan,
            "overallBest": overall,
            "warmStart": [{"tuningJob": "before", "uid": "u", "trials": 24}],
            "stepsUsed": 11,
            "stepsSaved": 8,
        },
    )
